package dev.wren.gateway.jar;

import java.nio.file.Path;

/**
 * A jar as a file on this machine, checked against its sha256. The file stays while this is open. Safe for use by
 * several threads.
 *
 * @param path the file; not to be written
 * @param sha256 its content
 * @param release called by {@link #close()}
 */
public record LocalJar(Path path, String sha256, Runnable release) implements AutoCloseable {

    @Override
    public void close() {
        release.run();
    }
}
