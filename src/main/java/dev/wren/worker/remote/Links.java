package dev.wren.worker.remote;

import dev.wren.protocol.remote.RemoteInvocation;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads and writes objects by the links that an invocation has: plain HTTP, each request with a time limit, and tried
 * again where the server or the way to it was at fault. Links are secrets, and are in no message. Safe for use by several
 * threads.
 */
public final class Links {

    /** An invocation that waited longer than this looks whether it is still wanted. */
    private static final long FRESH_MILLIS = 5_000;
    private static final int TRIES = 4;
    private static final long BASE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Duration CONNECT = Duration.ofSeconds(3);
    private static final Duration ANSWER = Duration.ofSeconds(20);
    private static final int FORBIDDEN = 403;
    private static final int NOT_FOUND = 404;
    private static final int TIMED_OUT = 408;
    private static final int TOO_MANY = 429;
    private static final int SERVER_ERROR = 500;

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER).build();

    /**
     * Part of an object.
     *
     * @throws LinkException if it cannot be had, or is shorter
     */
    public byte[] read(String what, String url, long offset, int length) throws LinkException {
        if (length == 0) {
            return new byte[0];
        }
        byte[] bytes = send(what, request(url, length).header("Range",
                "bytes=" + offset + "-" + (offset + length - 1)), BodyHandlers.ofByteArray()).body();
        if (bytes.length != length) {
            throw new LinkException(what + " has " + bytes.length + " bytes where there are to be " + length);
        }
        return bytes;
    }

    /** A whole object. */
    public byte[] read(String what, String url) throws LinkException {
        return send(what, request(url, 0), BodyHandlers.ofByteArray()).body();
    }

    /** A whole object, into a new file. */
    public void download(String what, String url, Path file) throws LinkException {
        var _ = send(what, request(url, 0).timeout(Duration.ofMinutes(2)), BodyHandlers.ofFile(file));
    }

    /** Whether a callset was cancelled or deleted while its invocation waited; looked at only where it has waited. */
    public boolean isUnwanted(RemoteInvocation invocation, long nowMillis) {
        return nowMillis - invocation.invokedAtMillis() > FRESH_MILLIS && isGone(invocation);
    }

    /** Whether its callset was cancelled or deleted. */
    public boolean isGone(RemoteInvocation invocation) {
        return isThere(invocation.signs().getFirst()) || !mayBeThere(invocation.signs().getLast());
    }

    /** Whether there is an object; true too where nobody can say. */
    private boolean mayBeThere(String url) {
        return status(url) != NOT_FOUND;
    }

    /** Whether there certainly is an object. */
    private boolean isThere(String url) {
        int status = status(url);
        return status >= 200 && status < 300;
    }

    private int status(String url) {
        try {
            return http.send(request(url, 0).header("Range", "bytes=0-0").build(), BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    /** Puts a file. */
    public void upload(String what, String url, Path file, long size) throws LinkException {
        try {
            var _ = send(what, request(url, size).PUT(HttpRequest.BodyPublishers.ofFile(file)),
                    BodyHandlers.discarding());
        } catch (FileNotFoundException e) {
            throw new LinkException(what + " is gone", e);
        }
    }

    private static HttpRequest.Builder request(String url, long bytes) {
        // Every link is expected to carry a MiB in a second.
        return HttpRequest.newBuilder(URI.create(url)).timeout(ANSWER.plusSeconds(bytes >> 20));
    }

    private <T> HttpResponse<T> send(String what, HttpRequest.Builder request, HttpResponse.BodyHandler<T> body)
            throws LinkException {
        HttpRequest ready = request.build();
        for (int tried = 1;; tried++) {
            String trouble;
            try {
                HttpResponse<T> answer = http.send(ready, body);
                int status = answer.statusCode();
                if (status >= 200 && status < 300) {
                    return answer;
                }
                trouble = switch (status) {
                    case FORBIDDEN -> "is refused (HTTP 403): the link has run out, or its signer may not";
                    case NOT_FOUND -> "is not there (HTTP 404)";
                    default -> "is answered with HTTP " + status;
                };
                if (status < SERVER_ERROR && status != TIMED_OUT && status != TOO_MANY) {
                    throw new LinkException(what + " " + trouble);
                }
            } catch (LinkException e) {
                throw e;
            } catch (IOException e) {
                trouble = "cannot be reached: " + e.getClass().getSimpleName() + " " + e.getMessage();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LinkException(what + ": interrupted", e);
            }
            if (tried == TRIES) {
                throw new LinkException(what + " " + trouble);
            }
            LockSupport.parkNanos(BASE_NANOS << (2 * (tried - 1)));
        }
    }
}
