package dev.wren.client;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where lists go on. */
final class Cursors {

    private static final String NAME = "cursor=";

    private Cursors() {
    }

    /** The cursor of a {@code next} link; null if there is no more. */
    static @Nullable String of(@Nullable String next) {
        if (next == null) {
            return null;
        }
        return Pattern.compile("&").splitAsStream(String.valueOf(URI.create(next).getRawQuery()))
                .filter(parameter -> parameter.startsWith(NAME))
                .map(parameter -> URLDecoder.decode(parameter.substring(NAME.length()), StandardCharsets.UTF_8))
                .findFirst().orElse(null);
    }
}
