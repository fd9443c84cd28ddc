package dev.wren.gateway.jar;

import java.time.Instant;

/**
 * What a name stands for.
 *
 * @param name unique for its tenant
 * @param sha256 of the content, lower-case hex
 * @param size bytes
 * @param createdAt when the name got this content
 */
record JarInfo(String name, String sha256, long size, Instant createdAt) {
}
