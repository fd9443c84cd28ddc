package dev.wren.protocol;

import java.util.ArrayList;
import java.util.List;

/**
 * What the calls of one chunk have in common.
 *
 * @param protocolVersion the version that the gateway speaks, or what a test made of it
 * @param callsetId the callset
 * @param size calls in the whole callset; the width of its call ids follows from it
 * @param sha256 the jar's content, lower-case hex
 * @param jar where the worker finds the jar's bytes: a path for a worker on the gateway's machine
 * @param handler {@code pkg.Class} or {@code pkg.Class::method}
 * @param excludeModules package prefixes whose classes are not taken from the jar
 * @param extraMeta a JSON object
 * @param send number of this sending, unique in its callset: microseconds from the callset's creation to the invocation,
 * or more
 * @param maxRuntimeMillis how long an attempt may run: what a function is told it has left is counted from it
 */
public record Invocation(int protocolVersion, String callsetId, int size, String sha256, String jar, String handler,
        List<String> excludeModules, String extraMeta, long send,
        long maxRuntimeMillis) {

    public Invocation {
        excludeModules = List.copyOf(excludeModules);
    }

    /** Appends this invocation; {@link #read} is its inverse. The version comes first, in every version. */
    public void write(WireWriter out) {
        out.putInt(protocolVersion);
        out.putString(callsetId);
        out.putInt(size);
        out.putString(sha256);
        out.putString(jar);
        out.putString(handler);
        out.putInt(excludeModules.size());
        excludeModules.forEach(out::putString);
        out.putString(extraMeta);
        out.putLong(send);
        out.putLong(maxRuntimeMillis);
    }

    /**
     * Reads what {@link #write} has written.
     *
     * @throws WireException when the bytes are no invocation
     */
    public static Invocation read(WireReader in) {
        int version = in.getInt();
        String callsetId = in.getString();
        int size = in.getInt();
        String sha256 = in.getString();
        String jar = in.getString();
        String handler = in.getString();
        int excluded = in.getInt();
        List<String> excludeModules = new ArrayList<>();
        for (int i = 0; i < excluded; i++) {
            excludeModules.add(in.getString());
        }
        return new Invocation(version, callsetId, size, sha256, jar, handler, excludeModules, in.getString(),
                in.getLong(), in.getLong());
    }
}
