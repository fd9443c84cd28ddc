package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** Requests that break in the middle: the client's fault, so no 5xx, and nothing in the log that fills a disk. */
@Isolated
class BrokenRequestsIT {

    private static final List<String> BODIES = List.of(
            "POST /calls HTTP/1.1\r\nContent-Type: application/json\r\n",
            "POST /calls?jar=fn&handler=fn.Square HTTP/1.1\r\nContent-Type: application/x-ndjson\r\n",
            "PUT /jars/x HTTP/1.1\r\nContent-Type: application/java-archive\r\n",
            "POST /wait HTTP/1.1\r\nContent-Type: application/json\r\n",
            "POST /calls/01m8503ttw00krsvstv3hs5crt/cancel HTTP/1.1\r\n");

    private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();
    private static Path store;
    private static RunningGateway gateway;

    @BeforeAll
    static void start(@TempDir Path folder) {
        store = folder;
        gateway = RunningGateway.startWithFunctions(folder);
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        LOG.setContext(root.getLoggerContext());
        LOG.start();
        root.addAppender(LOG);
    }

    @BeforeEach
    void clear() {
        LOG.list.clear();
    }

    @AfterAll
    static void stop() {
        ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(LOG);
        gateway.close();
    }

    private static int status(String request, boolean halfClosed) throws IOException {
        return RawRequest.status(RawRequest.exchange(gateway.url(), request, halfClosed));
    }

    private static void assertQuiet() {
        assertThat(LOG.list).filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .as("what a client can do at will").isEmpty();
        assertThat(TestStore.keys(store, "default/callsets/")).isEmpty();
    }

    @Test
    void a_chunk_without_a_size_is_a_bad_request() throws IOException {
        for (String head : BODIES) {
            String request = head + "Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
            for (String body : List.of("xyz\r\n", "5\r\n{\"fun\r\nxyz\r\n", "4\r\n[1]\n\r\nxyz\r\n",
                    "5\r\n{\"fun no end of the chunk\r\n")) {
                assertThat(status(request + body, false)).as(request + body).isEqualTo(400);
            }
        }
        assertQuiet();
    }

    @Test
    void a_body_that_ends_too_soon_is_a_bad_request() throws IOException {
        for (String head : BODIES) {
            for (String rest : List.of("Transfer-Encoding: chunked\r\n\r\n",
                    "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"fun\r\n",
                    "Transfer-Encoding: chunked\r\n\r\n4\r\n[1]\n\r\n", "Content-Length: 50\r\n\r\n",
                    "Content-Length: 50\r\n\r\n{\"fun")) {
                String request = head + "Host: localhost\r\n" + rest;
                assertThat(status(request, true)).as(request).isEqualTo(400);
            }
        }
        assertQuiet();
    }

    /** Whoever goes away in the middle of an answer. */
    @Test
    void an_answer_that_nobody_reads_to_its_end_is_no_error() throws IOException {
        String data = "[" + ("\"" + "x".repeat(100) + "\",").repeat(50_000) + "1]";
        String id = gateway.http()
                .map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"iterdata\":" + data + "}");
        gateway.http().done(id);
        for (String path : List.of("/results", "/results HTTP/1.1\r\nAccept: application/x-ndjson", "/events",
                "/futures?limit=1000")) {
            URI uri = URI.create(gateway.url());
            try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
                socket.setReceiveBufferSize(2048);
                socket.setSoLinger(true, 0);
                socket.getOutputStream().write(("GET /calls/" + id + path + (path.contains("HTTP") ? "" : " HTTP/1.1")
                        + "\r\nHost: localhost\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().readNBytes(200)).hasSize(200);
            }
        }
        assertThat(gateway.http().delete("/calls/" + id).status()).isEqualTo(204);
        assertQuiet();
    }

    /** The store goes away, or the callset is deleted, when the first of a thousand futures are out already. */
    @Test
    void an_answer_that_cannot_be_written_to_its_end_is_cut_off(@TempDir Path folder) throws IOException {
        FaultyStore faults = new FaultyStore();
        try (RunningGateway other = RunningGateway.startWithFunctions(folder, faults::in,
                "--wren.records.segment-cache=1KB", "--wren.dispatch.segment-bytes=2KB")) {
            String id = other.http().map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"},\"iterdata\":["
                    + ("\"" + "x".repeat(500) + "\",").repeat(500) + "1]}");
            other.http().done(id);
            String request = "GET /calls/" + id + "/futures?limit=1000 HTTP/1.1\r\nHost: localhost\r\n"
                    + "Connection: close\r\n\r\n";
            assertThat(RawRequest.exchange(other.url(), request, false)).endsWith("0\r\n\r\n");
            clear();
            for (FaultyStore.Fault fault : List.of(FaultyStore.Fault.BEFORE, FaultyStore.Fault.NONE)) {
                AtomicInteger reads = new AtomicInteger();
                faults.faults((operation, key) -> {
                    if (!operation.equals("get") || !key.contains("/log/") || reads.incrementAndGet() != 100) {
                        return FaultyStore.Fault.NONE;
                    }
                    if (fault == FaultyStore.Fault.NONE) {
                        faults.fail(false);
                        other.http().delete("/calls/" + id);
                    }
                    return fault;
                });
                String answer;
                try {
                    answer = RawRequest.exchange(other.url(), request, false);
                } catch (SocketException _) {
                    continue;
                }
                assertThat(answer).startsWith("HTTP/1.1 200").doesNotEndWith("0\r\n\r\n");
            }
            assertThat(LOG.list).filteredOn(event -> event.getThrowableProxy() != null).isEmpty();
        }
    }

    @Test
    void another_version_of_http_is_refused_as_such() throws IOException {
        String answer = RawRequest.exchange(gateway.url(), "GET /calls HTTP/9.9\r\nHost: localhost\r\n\r\n", false);
        assertThat(RawRequest.status(answer)).isEqualTo(505);
        assertThat(answer).contains("application/problem+json", "urn:wren:problem:http-version-not-supported");
        assertQuiet();
    }
}
