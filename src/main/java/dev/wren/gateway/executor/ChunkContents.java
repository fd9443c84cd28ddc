package dev.wren.gateway.executor;

import dev.wren.gateway.record.Data;
import java.util.List;

/** The data of a chunk. */
public sealed interface ChunkContents {

    /** Of how many calls these are the data. */
    int size();

    /** They are here. The bytes are not to be changed. */
    record InHand(List<byte[]> data) implements ChunkContents {

        public InHand {
            data = List.copyOf(data);
        }

        @Override
        public int size() {
            return data.size();
        }
    }

    /** They are objects of the store, which the worker is to read. */
    record Elsewhere(List<Data.Place> places) implements ChunkContents {

        public Elsewhere {
            places = List.copyOf(places);
        }

        @Override
        public int size() {
            return places.size();
        }
    }
}
