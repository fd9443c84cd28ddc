package dev.wren.gateway.jar;

/**
 * A jar by its content: what a callset runs, whatever becomes of the name.
 *
 * @param tenant whose it is
 * @param sha256 lower-case hex
 * @param size bytes
 */
public record PinnedJar(String tenant, String sha256, long size) {
}
