package dev.wren.gateway.store.s3;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a store is.
 *
 * @param bucket a bucket's name, or the alias of an access point
 * @param prefix empty, or ends with a slash
 */
record S3Location(String bucket, String prefix) {

    static final String SCHEME = "s3://";
    private static final Pattern FORM = Pattern.compile("s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"
            + "((?:/[A-Za-z0-9._=:-]{1,255})*)/?");
    /** How the names of directory buckets end. */
    private static final String DIRECTORY = "--x-s3";

    /**
     * Reads {@code s3://bucket/prefix}.
     *
     * @throws IllegalArgumentException if it is none, or a bucket that cannot hold a store
     */
    static S3Location parse(String location) {
        Matcher matcher = FORM.matcher(location);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "wren.store: " + location + " is not s3://bucket/prefix, with a prefix of"
                            + " letters, digits, '.', '_', '=', ':', '-' and '/'");
        }
        String bucket = matcher.group(1);
        if (bucket.endsWith(DIRECTORY)) {
            throw new IllegalArgumentException(
                    "wren.store: " + bucket + " is a directory bucket, which does not list its"
                            + " keys in order; a store needs a general-purpose bucket");
        }
        String path = matcher.group(2);
        return new S3Location(bucket, path.isEmpty() ? "" : path.substring(1) + "/");
    }

    /** The key in the bucket of a key of the store, or of a prefix. */
    String key(String key) {
        return prefix + key;
    }

    /** The key of the store of a key in the bucket. */
    String ofBucket(String key) {
        return key.substring(prefix.length());
    }

    @Override
    public String toString() {
        return SCHEME + bucket + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1));
    }
}
