package dev.wren.gateway.web.problem;

import java.util.Locale;

/** Every kind of problem that the gateway answers with; the slug in {@code urn:wren:problem:<slug>} is the name. */
public enum ProblemType {
    MALFORMED_JSON(400, "The body is not well-formed JSON"), //
    INVALID_REQUEST(400, "The request is not valid"), //
    UNAUTHORIZED(401, "An API key is needed"), //
    NOT_ALLOWED(403, "The configuration does not allow this"), //
    BUCKET_NOT_ALLOWED(403, "The bucket is not one of those allowed"), //
    NOT_FOUND(404, "There is no such thing here"), //
    METHOD_NOT_ALLOWED(405, "The method is not allowed here"), //
    NOT_ACCEPTABLE(406, "The answer has no form that the request accepts"), //
    EXECUTOR_NOT_READY(409, "The executor is not ready"), //
    IN_PROGRESS(409, "A request with the same idempotency key is under way"), //
    NOT_DONE(409, "The callset is not done"), //
    SOURCE_CHANGED(409, "The data were changed while they were read"), //
    CALL_CANCELLED(410, "The call was cancelled"), //
    GONE(410, "It was here, and is gone"), //
    TOO_LARGE(413, "The request is too large"), //
    UNSUPPORTED_MEDIA_TYPE(415, "The body's media type is not supported here"), //
    INVALID_JAR(422, "The body is not a usable jar"), //
    INVALID_FUNCTION(422, "The function cannot be used"), //
    MAP_ITEM_LIMIT(422, "The map has too many data"), //
    IDEMPOTENCY_KEY_REUSED(422, "The idempotency key was used for another request"), //
    CALL_FAILED(424, "The call failed"), //
    TOO_MANY(429, "Too many at once"), //
    INTERNAL(500, "The gateway failed"), //
    DAMAGED(500, "A stored object is damaged"), //
    EC2_REFUSED(502, "EC2 refuses this"), //
    UNAVAILABLE(503, "The gateway cannot do this now"), //
    HTTP_VERSION_NOT_SUPPORTED(505, "The gateway speaks HTTP/1.1");

    private final int status;
    private final String title;

    ProblemType(int status, String title) {
        this.status = status;
        this.title = title;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** One sentence for people, the same for every problem of the kind. */
    public String title() {
        return title;
    }

    /** Lower case, with hyphens. */
    public String slug() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
