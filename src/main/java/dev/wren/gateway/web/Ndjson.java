package dev.wren.gateway.web;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;

/** The names that lines of JSON have as a media type. */
public final class Ndjson {

    /** The one that answers have if the caller does not ask for another. */
    public static final String TYPE = "application/x-ndjson";
    /** What <a href="https://jsonlines.org">JSON Lines</a> calls it. */
    public static final String JSONL = "application/jsonl";
    /** Another name that clients have for it. */
    public static final String JSON_LINES = "application/x-jsonlines";

    private Ndjson() {
    }

    /** The name that the caller has used, and the first of them if it has used none. */
    public static String answer(@Nullable String accept) {
        return accept == null
                ? TYPE
                : MediaType.parseMediaTypes(accept).stream().map(each -> each.getType() + "/" + each.getSubtype())
                        .filter(List.of(TYPE, JSONL, JSON_LINES)::contains).findFirst().orElse(TYPE);
    }
}
