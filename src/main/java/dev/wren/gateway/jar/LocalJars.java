package dev.wren.gateway.jar;

import java.util.List;

/**
 * A class path as files on this machine, which stay while this is open. Safe for use by several threads.
 *
 * @param jars in order
 */
public record LocalJars(List<LocalJar> jars) implements AutoCloseable {

    public LocalJars {
        jars = List.copyOf(jars);
    }

    /** Contents, in order. */
    List<String> contents() {
        return jars.stream().map(LocalJar::sha256).toList();
    }

    @Override
    public void close() {
        jars.forEach(LocalJar::close);
    }
}
