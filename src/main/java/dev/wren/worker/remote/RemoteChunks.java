package dev.wren.worker.remote;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.remote.RemoteCall;
import dev.wren.protocol.remote.RemoteCall.Datum;
import dev.wren.protocol.remote.RemoteInvocation;
import dev.wren.worker.run.Chunk;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Makes chunks of invocations: with their data, wherever these are. Safe for use by several threads. */
public final class RemoteChunks {

    private final Links links;

    public RemoteChunks(Links links) {
        this.links = links;
    }

    /**
     * The calls of an invocation with their data. Data that lie together are one request.
     *
     * @param jars where the class path is on this machine
     * @throws LinkException if the data cannot be had
     */
    public Chunk make(RemoteInvocation of, List<Invocation.Jar> jars) throws LinkException {
        List<RemoteCall> calls = of.calls();
        byte[][] data = new byte[calls.size()][];
        int position = 0;
        while (position < calls.size()) {
            switch (calls.get(position).datum()) {
                case Datum.Inline(byte[] json) -> data[position++] = json;
                case Datum.Link(String url) -> data[position++] = links.read("the datum", url);
                case Datum.Range first -> {
                    int end = position + 1;
                    long to = first.offset() + first.length();
                    while (end < calls.size() && calls.get(end).datum() instanceof Datum.Range next
                            && next.offset() == to && to + next.length() - first.offset() <= Integer.MAX_VALUE) {
                        to += next.length();
                        end++;
                    }
                    byte[] bytes = links.read("the data", Objects.requireNonNull(of.data(), "no URL of the data"),
                            first.offset(), Math.toIntExact(to - first.offset()));
                    for (int at = 0; position < end; position++) {
                        int length = ((Datum.Range) calls.get(position).datum()).length();
                        data[position] = Arrays.copyOfRange(bytes, at, at + length);
                        at += length;
                    }
                }
            }
        }
        return chunk(of, jars, data);
    }

    /** The calls of an invocation that are not to be run. */
    public static Chunk withoutData(RemoteInvocation of) {
        byte[][] data = new byte[of.calls().size()][];
        Arrays.fill(data, new byte[0]);
        return chunk(of, List.of(), data);
    }

    private static Chunk chunk(RemoteInvocation of, List<Invocation.Jar> jars, byte[][] data) {
        List<RemoteCall> calls = of.calls();
        Invocation given = of.invocation();
        return Chunk.of(given.with(jars),
                calls.stream().mapToInt(RemoteCall::call).toArray(),
                calls.stream().mapToInt(RemoteCall::attempt).toArray(), data);
    }
}
