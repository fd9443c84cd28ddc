package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Requests that break in the middle: the client's fault, so no 5xx, and nothing in the log that fills a disk. */
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

    private static void assertQuiet() throws IOException {
        assertThat(LOG.list).filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .as("what a client can do at will").isEmpty();
        try (Stream<Path> files = Files.walk(store.resolve("default"))) {
            assertThat(files.filter(Files::isRegularFile).map(Path::toString))
                    .noneMatch(name -> name.contains("callsets"));
        }
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

    @Test
    void another_version_of_http_is_refused_as_such() throws IOException {
        String answer = RawRequest.exchange(gateway.url(), "GET /calls HTTP/9.9\r\nHost: localhost\r\n\r\n", false);
        assertThat(RawRequest.status(answer)).isEqualTo(505);
        assertThat(answer).contains("application/problem+json", "urn:wren:problem:http-version-not-supported");
        assertQuiet();
    }
}
