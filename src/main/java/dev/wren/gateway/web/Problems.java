package dev.wren.gateway.web;

import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.shard.NotHereException;
import dev.wren.gateway.shard.ShardLostException;
import dev.wren.gateway.store.DamagedObjectException;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.problem.CutOff;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.ProblemWriter;
import dev.wren.gateway.web.problem.ServerProblems;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import org.apache.coyote.BadRequestException;
import org.apache.coyote.CloseNowException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageNotWritableException;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.util.MimeType;
import org.springframework.web.HttpMediaTypeNotAcceptableException;
import org.springframework.web.HttpMediaTypeNotSupportedException;
import org.springframework.web.HttpRequestMethodNotSupportedException;
import org.springframework.web.bind.MissingServletRequestParameterException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;
import org.springframework.web.method.annotation.MethodArgumentTypeMismatchException;
import org.springframework.web.servlet.resource.NoResourceFoundException;
import org.springframework.web.util.DisconnectedClientHelper;

/** The one place that turns exceptions into problems. */
@RestControllerAdvice
final class Problems {

    private static final Logger log = LoggerFactory.getLogger(Problems.class);
    /** Logs at debug; with the stack trace at trace. */
    private static final DisconnectedClientHelper DISCONNECTED = new DisconnectedClientHelper(
            Problems.class.getName() + ".Disconnected");

    private final Forwarding forwarding;

    Problems(Forwarding forwarding) {
        this.forwarding = forwarding;
    }

    private static void answer(HttpServletResponse response, ProblemException problem) throws IOException {
        if (response.isCommitted()) {
            log.debug("an answer is cut off: {}", problem.detail());
            CutOff.mark();
        } else {
            ProblemWriter.write(response, problem);
        }
    }

    /** What went wrong while an answer was made, which happens while it is written where it is long. */
    @ExceptionHandler
    void unwritten(HttpMessageNotWritableException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            switch (cause) {
                case ProblemException problem -> {
                    problem(problem, response);
                    return;
                }
                case StoreException failed -> {
                    store(failed, request, response);
                    return;
                }
                case DamagedObjectException damaged -> {
                    damaged(damaged, request, response);
                    return;
                }
                case BadRequestException broken -> {
                    broken(broken, request, response);
                    return;
                }
                default -> {
                    // What it wraps may be one of them.
                }
            }
        }
        other(e, request, response);
    }

    @ExceptionHandler
    void problem(ProblemException e, HttpServletResponse response) throws IOException {
        if (e.type() == ProblemType.UNAUTHORIZED) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
        }
        answer(response, e);
    }

    @ExceptionHandler
    void store(StoreException e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        log.error("{} {}: the store failed: {}", request.getMethod(), request.getRequestURI(), e.getMessage());
        answer(response, new ProblemException(ProblemType.UNAVAILABLE, "The store does not answer.")
                .retryAfter(Duration.ofSeconds(5)));
    }

    @ExceptionHandler
    void damaged(DamagedObjectException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        log.error("{} {}: {}", request.getMethod(), request.getRequestURI(), e.getMessage());
        answer(response,
                new ProblemException(ProblemType.DAMAGED, "The stored object " + e.key() + " is damaged."));
    }

    /** Another gateway can answer it. */
    @ExceptionHandler
    void notHere(NotHereException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException, InterruptedException {
        try {
            forwarding.pass(e, request, response);
        } catch (ProblemException problem) {
            answer(response, problem);
        } catch (QuotaExceededException full) {
            quota(full, response);
        }
    }

    @ExceptionHandler
    void shardLost(ShardLostException e, HttpServletResponse response) throws IOException {
        answer(response, new ProblemException(ProblemType.UNAVAILABLE, String.valueOf(e.getMessage()))
                .retryAfter(Duration.ofSeconds(1)));
    }

    @ExceptionHandler
    void quota(QuotaExceededException e, HttpServletResponse response) throws IOException {
        String tenants = e.tenantLimit() == e.limit() ? "." : ", and " + e.tenantLimit() + " of one tenant.";
        answer(response,
                new ProblemException(ProblemType.TOO_MANY, "At most " + e.limit() + " " + e.what() + tenants)
                        .with("limit", e.tenantLimit()).retryAfter(Duration.ofSeconds(1)));
    }

    @ExceptionHandler
    void notFound(NoResourceFoundException e, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        answer(response, new ProblemException(ProblemType.NOT_FOUND, "There is nothing at this path."));
    }

    @ExceptionHandler
    void method(HttpRequestMethodNotSupportedException e, HttpServletResponse response) throws IOException {
        Set<HttpMethod> allowed = e.getSupportedHttpMethods();
        if (allowed != null) {
            response.setHeader(HttpHeaders.ALLOW,
                    String.join(", ", allowed.stream().map(Object::toString).sorted().toList()));
        }
        answer(response, new ProblemException(ProblemType.METHOD_NOT_ALLOWED,
                "The method " + e.getMethod() + " is not allowed here."));
    }

    @ExceptionHandler
    void accept(HttpMediaTypeNotAcceptableException e, HttpServletResponse response) throws IOException {
        answer(response, new ProblemException(ProblemType.NOT_ACCEPTABLE, "The answer can be "
                + String.join(", ", e.getSupportedMediaTypes().stream().map(MediaType::toString).sorted().toList())
                + "."));
    }

    @ExceptionHandler
    void mediaType(HttpMediaTypeNotSupportedException e, HttpServletResponse response) throws IOException {
        answer(response, new ProblemException(ProblemType.UNSUPPORTED_MEDIA_TYPE, "The body can be "
                + String.join(", ", e.getSupportedMediaTypes().stream().map(MimeType::toString).sorted().toList())
                + "."));
    }

    @ExceptionHandler
    void missing(MissingServletRequestParameterException e, HttpServletResponse response) throws IOException {
        answer(response, ProblemException.atParameter(ProblemType.INVALID_REQUEST, e.getParameterName(),
                "This parameter is missing."));
    }

    /** A query that the server or its firewall does not take. */
    @ExceptionHandler({RequestRejectedException.class, InvalidParameterException.class})
    void query(Exception e, HttpServletResponse response) throws IOException {
        answer(response, new ProblemException(ProblemType.INVALID_REQUEST,
                "The query is not valid: it is name=value, joined by &, percent-encoded, and names have no control"
                        + " characters or unassigned ones."));
    }

    @ExceptionHandler
    void mismatch(MethodArgumentTypeMismatchException e, HttpServletResponse response) throws IOException {
        Class<?> wanted = e.getRequiredType();
        String allowed = wanted != null && wanted.isEnum()
                ? "One of " + Arrays.toString(wanted.getEnumConstants()) + "."
                : wanted == Boolean.class || wanted == boolean.class ? "true or false." : "A whole number.";
        answer(response,
                ProblemException.atParameter(ProblemType.INVALID_REQUEST, e.getName(), allowed));
    }

    /** The server closes the connection at this, and says nothing. */
    @SuppressWarnings("DoNotCallSuggester")
    @ExceptionHandler
    void cut(CloseNowException e) throws CloseNowException {
        throw e;
    }

    /**
     * The request could not be read, or the answer not written: the server says so itself where anybody is left to be
     * told, and has closed the connection. It is no fault of the gateway, so the log holds one line, and none by
     * default.
     */
    @ExceptionHandler({BadRequestException.class, AsyncRequestNotUsableException.class})
    void broken(IOException e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        log.debug("{} {}: the connection is of no use: {}", request.getMethod(), request.getRequestURI(), e.toString());
        if (!response.isCommitted()) {
            answer(response, ServerProblems.of(HttpServletResponse.SC_BAD_REQUEST));
        }
    }

    @ExceptionHandler
    void other(Exception e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (DISCONNECTED.checkAndLogClientDisconnectedException(e)) {
            return;
        }
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
            answer(response, new ProblemException(ProblemType.UNAVAILABLE,
                    "The gateway is shutting down.").retryAfter(Duration.ofSeconds(5)));
            return;
        }
        log.error("{} {} failed", request.getMethod(), request.getRequestURI(), e);
        answer(response, new ProblemException(ProblemType.INTERNAL,
                "Something went wrong in the gateway; its log says what."));
    }
}
