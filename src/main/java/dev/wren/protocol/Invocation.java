package dev.wren.protocol;

import java.util.ArrayList;
import java.util.List;

/**
 * What the calls of one chunk have in common.
 *
 * @param protocolVersion the version that the gateway speaks, or what a test made of it
 * @param callsetId the callset
 * @param size calls in the whole callset; the width of its call ids follows from it
 * @param jars the class path, in order
 * @param handler {@code pkg.Class}, {@code pkg.Class::method} or {@code pkg.Class::method(descriptor)}
 * @param arguments a JSON array: what the method's first parameters are, before the datum
 * @param excludeModules package prefixes whose classes are not taken from the jar
 * @param extraMeta a JSON object
 * @param send number of this sending, unique in its callset: microseconds from the callset's creation to the invocation,
 * or more
 * @param maxRuntimeMillis how long an attempt may run: what a function is told it has left is counted from it
 */
public record Invocation(int protocolVersion, String callsetId, int size, List<Jar> jars, String handler,
        String arguments, List<String> excludeModules, String extraMeta, long send,
        long maxRuntimeMillis) {

    /** The arguments of a handler that has none. */
    public static final String NO_ARGUMENTS = "[]";

    public Invocation {
        jars = List.copyOf(jars);
        excludeModules = List.copyOf(excludeModules);
    }

    /**
     * A jar of the class path.
     *
     * @param sha256 its content, lower-case hex
     * @param location where the worker finds its bytes: a path for a worker on the gateway's machine, else a URL
     */
    public record Jar(String sha256, String location) {
    }

    /** The same, with the jars elsewhere. */
    public Invocation with(List<Jar> found) {
        return new Invocation(protocolVersion, callsetId, size, found, handler, arguments, excludeModules, extraMeta,
                send, maxRuntimeMillis);
    }

    /** Contents of the class path, in order. */
    public List<String> contents() {
        return jars.stream().map(Jar::sha256).toList();
    }

    /** Appends this invocation; {@link #read} is its inverse. The version comes first, in every version. */
    public void write(WireWriter out) {
        out.putInt(protocolVersion);
        out.putString(callsetId);
        out.putInt(size);
        out.putInt(jars.size());
        for (Jar jar : jars) {
            out.putString(jar.sha256);
            out.putString(jar.location);
        }
        out.putString(handler);
        out.putString(arguments);
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
        List<Jar> jars = new ArrayList<>();
        for (int left = in.getInt(); left > 0; left--) {
            jars.add(new Jar(in.getString(), in.getString()));
        }
        String handler = in.getString();
        String arguments = in.getString();
        int excluded = in.getInt();
        List<String> excludeModules = new ArrayList<>();
        for (int i = 0; i < excluded; i++) {
            excludeModules.add(in.getString());
        }
        return new Invocation(version, callsetId, size, jars, handler, arguments, excludeModules, in.getString(),
                in.getLong(), in.getLong());
    }
}
