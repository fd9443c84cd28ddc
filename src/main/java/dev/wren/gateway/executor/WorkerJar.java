package dev.wren.gateway.executor;

import java.io.IOException;
import java.io.InputStream;

/** The worker's jar that was built with this gateway, and comes with it. */
public final class WorkerJar {

    private static final String RESOURCE = "/META-INF/wren-worker.jar";

    private WorkerJar() {
    }

    /**
     * Its bytes.
     *
     * @throws IllegalStateException if the gateway was put together without it
     */
    public static byte[] bytes() throws IOException {
        try (InputStream resource = WorkerJar.class.getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new IllegalStateException(
                        "the worker's jar is not on the class path: the build puts it at " + RESOURCE);
            }
            return resource.readAllBytes();
        }
    }
}
