package dev.wren.gateway.jar;

import java.time.Instant;
import java.util.Objects;

/**
 * What a name refers to.
 *
 * @param name unique for its tenant
 * @param sha256 of the content, lower-case hex
 * @param size bytes
 * @param createdAt when the name got this content
 */
record JarInfo(String name, String sha256, long size, Instant createdAt) {

    JarInfo {
        Objects.requireNonNull(name);
        Objects.requireNonNull(createdAt);
        PinnedJar.check(sha256, size);
    }
}
