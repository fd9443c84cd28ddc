package dev.wren.gateway.store;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An object of a caller, or what is below a prefix: {@code s3://bucket/key}.
 *
 * @param bucket its name
 * @param key of 1 to 1024 bytes, as S3 limits it
 */
public record S3Uri(String bucket, String key) {

    private static final Pattern FORM = Pattern.compile("s3://([A-Za-z0-9][A-Za-z0-9._-]{0,254})/(.+)", Pattern.DOTALL);
    private static final int MOST_BYTES = 1024;

    /** Reads one; nothing if it is none. */
    public static Optional<S3Uri> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        return matcher.matches() && matcher.group(2).getBytes(StandardCharsets.UTF_8).length <= MOST_BYTES
                ? Optional.of(new S3Uri(matcher.group(1), matcher.group(2)))
                : Optional.empty();
    }

    /** Whether what is below it is meant. */
    public boolean isPrefix() {
        return key.endsWith("/");
    }

    /** An object below this prefix. */
    public S3Uri at(String name) {
        return new S3Uri(bucket, key + name);
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + key;
    }
}
