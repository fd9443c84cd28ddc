package dev.wren.gateway.jar;

import java.util.regex.Pattern;

/**
 * A jar by its content: what a callset runs, whatever becomes of the name.
 *
 * @param tenant whose it is
 * @param sha256 lower-case hex
 * @param size bytes
 */
public record PinnedJar(String tenant, String sha256, long size) {

    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    public PinnedJar {
        check(sha256, size);
    }

    static void check(String sha256, long size) {
        if (!SHA256.matcher(sha256).matches() || size < 0) {
            throw new IllegalArgumentException("not a jar's content: " + sha256 + " of " + size + " bytes");
        }
    }
}
