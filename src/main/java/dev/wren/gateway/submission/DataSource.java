package dev.wren.gateway.submission;

import dev.wren.gateway.store.S3Uri;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Data of a map that are in a bucket already.
 *
 * @param uri an object, or a prefix that ends with a slash: each object below it is a datum
 * @param format of an object; null for a prefix
 */
record DataSource(S3Uri uri, @Nullable Format format) {

    static final String POINTER = "/iterdata/uri";
    private static final Set<String> NAMES = Set.of("uri", "format");
    private static final String URI = "s3://bucket/key of an object, or s3://bucket/prefix/.";

    /** How data are in an object. */
    enum Format {
        NDJSON,
        JSON,
        CSV;

        static final String ALL = Arrays.stream(values()).map(Format::label).collect(Collectors.joining(", "));

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        static Optional<Format> of(@Nullable JsonNode label) {
            return Arrays.stream(values())
                    .filter(format -> label != null && label.isString() && label.asString().equals(format.label()))
                    .findFirst();
        }
    }

    /** As the specification describes it. */
    @Schema(name = "DataSource", additionalProperties = Schema.AdditionalPropertiesValue.FALSE,
            description = "Data that are in a bucket already, one that the configuration allows.")
    record View(
            @Schema(requiredMode = Schema.RequiredMode.REQUIRED,
                    description = "s3://bucket/key: an object, compressed if it ends in .gz or .zst."
                            + " s3://bucket/prefix/: each object below it is a datum {bucket, key, size, etag}.",
                    example = "s3://my-data/points.ndjson.gz", pattern = "^s3://[^/]+/.+$",
                    maxLength = 1300) String uri,
            @Schema(allowableValues = {
                    "ndjson", "json",
                    "csv"},
                    description = "Of an object: one datum a line, an array, or lines of which the first has the"
                            + " names of the others' columns, which are strings. Not for a prefix.") String format) {
    }

    /** Checks one; nothing where something is wrong, which was said then. */
    static Optional<DataSource> read(JsonNode source, FieldKind.Wrong wrong) {
        source.propertyNames().stream().filter(name -> !NAMES.contains(name)).limit(10)
                .forEach(name -> wrong.at("/iterdata/" + name, "There is no such field; there are uri and format."));
        JsonNode text = source.path("uri");
        Optional<S3Uri> uri = text.isString() ? S3Uri.parse(text.asString()) : Optional.empty();
        Optional<Format> format = Format.of(source.get("format"));
        if (uri.isEmpty()) {
            wrong.at(POINTER, URI);
        } else if (uri.get().isPrefix() && source.has("format")) {
            wrong.at("/iterdata/format", "A prefix has no format: each object below it is a datum.");
        } else if (!uri.get().isPrefix() && format.isEmpty()) {
            wrong.at("/iterdata/format", "One of " + Format.ALL + ".");
        }
        return uri.map(there -> new DataSource(there, format.orElse(null)));
    }
}
