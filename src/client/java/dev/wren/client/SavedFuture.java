package dev.wren.client;

import java.io.Serializable;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;

/**
 * What is written of a future. Whoever reads it asks the same gateways, with the key that he has himself.
 *
 * @param urls of the gateways
 * @param callset its id
 * @param size calls of the callset
 * @param index of the call
 * @param type of the value
 */
record SavedFuture(List<String> urls, String callset, int size, int index, JavaType type) implements Serializable {

    /** Connections of this program to gateways of futures that were read. */
    private static final ConcurrentMap<List<String>, WrenExecutor> EXECUTORS = new ConcurrentHashMap<>();

    SavedFuture {
        urls = List.copyOf(urls);
    }

    private Object readResolve() {
        WrenExecutor executor = EXECUTORS.computeIfAbsent(urls,
                known -> WrenExecutor.builder().urls(known.toArray(new String[0])).build());
        return new ResponseFuture<@Nullable Object>(executor.calls(callset, size, type), index);
    }
}
