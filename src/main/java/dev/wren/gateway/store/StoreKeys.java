package dev.wren.gateway.store;

import java.util.List;
import java.util.regex.Pattern;

/** What a key may look like, in every store. */
public final class StoreKeys {

    private static final Pattern PART = Pattern.compile("[A-Za-z0-9._=:-]{1,255}");

    private StoreKeys() {
    }

    /**
     * The parts of a key.
     *
     * @throws IllegalArgumentException if it is none: see {@link ObjectStore}
     */
    public static List<String> parts(String key) {
        List<String> parts = List.of(key.split("/", -1));
        for (String part : parts) {
            if (!PART.matcher(part).matches() || part.equals(".") || part.equals("..")) {
                throw new IllegalArgumentException("not a key: " + key);
            }
        }
        return parts;
    }

    /**
     * The parts of a prefix, which is empty or ends with a slash.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static List<String> prefixParts(String prefix) {
        if (prefix.isEmpty()) {
            return List.of();
        }
        if (!prefix.endsWith("/")) {
            throw new IllegalArgumentException("a prefix ends with a slash: " + prefix);
        }
        return parts(prefix.substring(0, prefix.length() - 1));
    }
}
