package dev.wren.gateway.submission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.BesideOthers;
import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.callset.TestLimits;
import dev.wren.gateway.web.problem.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.IntFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.util.unit.DataSize;

/** Bodies that are made to exhaust the heap, read in a JVM that has 64 MB of it. */
@BesideOthers
class JsonMemoryTest {

    private static final int SIZE = 100_000_000;
    /** The part with which the size is reached, where each has 800,000 bytes. */
    private static final int LAST = SIZE / 800_000 - 1;

    /** A body, and the slug of the problem that is its answer; none for one that is in order. */
    enum Body {
        AN_ARRAY("[", i -> i + ",", "invalid-request"), //
        A_STRING("\"", _ -> "endless", "invalid-request"), //
        A_NUMBER("", _ -> "1234567890", "too-large"), //
        NOTHING("", _ -> "          ", "too-large"), //
        AN_ENDLESS_NAME("{\"", _ -> "endless", "too-large"), //
        FIELDS_THAT_ARE_NONE("{", i -> "\"f" + i + "\":\"" + "x".repeat(500_000) + "\",", "too-large"), //
        MANY_FIELDS_THAT_ARE_NONE("{", i -> "\"f" + i + "\":1,", "invalid-request"), //
        ENDLESS_SPACE("{\"function\"", _ -> "          ", "too-large"), //
        A_DATUM_WITH_MANY_NAMES("{\"iterdata\":[{\"\":1", i -> ",\"" + i + "\":1", "too-large"), //
        AN_ENDLESS_DATUM("{\"iterdata\":[[", _ -> "[1234567890],", "too-large"), //
        DATA_WITH_LONG_NAMES("{\"iterdata\":[0", i -> ",{\"" + i + "x".repeat(40_000) + "\":1}", null), //
        DATA_BEYOND_ASCII("{\"iterdata\":[0", i -> ",{\"€" + i + "\":\"" + "ä😀".repeat(2000) + "\"}", null), //
        LARGE_TEXTS("{\"iterdata\":[0", i -> (i % 60 == 0 ? ",\"" : "") + "text ä ".repeat(100_000)
                + (i % 60 == 59 || i == LAST ? "\"" : ""), null), //
        LARGE_TEXTS_INSIDE("{\"iterdata\":[0", i -> (i % 60 == 0 ? ",{\"a\":[1,\"" : "") + "text \\\" ".repeat(100_000)
                + (i % 60 == 59 || i == LAST ? "\"]}" : ""), null), //
        LARGE_TEXTS_AFTER_SPACE("{\"iterdata\":[" + " ".repeat(1_600_000), i -> (i % 60 == 0
                ? (i == 0 ? "" : ",") + "\""
                : "") + "text ä ".repeat(100_000) + (i % 60 == 59 || i == LAST - 2 ? "\"" : ""), null), //
        A_LARGE_NAME("{\"iterdata\":[{\"a\":[{},{\"", _ -> "endless", "too-large"), //
        A_LARGE_NUMBER("{\"iterdata\":[\"a\",", _ -> "1234567890", "too-large"), //
        A_LARGE_NUMBER_INSIDE("{\"iterdata\":[{\"a\":[", _ -> "1234567890", "too-large"), //
        LINES_WITH_LARGE_TEXTS("0\n", i -> (i % 60 == 0 ? "\"" : "") + "text ä ".repeat(100_000)
                + (i % 60 == 59 || i == LAST ? "\"\n" : ""), null), //
        A_LINE_WITH_A_LARGE_NUMBER("0\n", _ -> "1234567890", "too-large"), //
        LINES_WITH_LONG_NAMES("0\n", i -> "{\"" + i + "x".repeat(40_000) + "\":1}\n", null);

        private final String start;
        private final IntFunction<String> more;
        private final String answer;

        Body(String start, IntFunction<String> more, String answer) {
            this.start = start;
            this.more = more;
            this.answer = answer;
        }

        /** The start, then more and more of it, then what ends a body that is in order. */
        private InputStream stream() {
            return new InputStream() {

                private byte[] part = start.getBytes(StandardCharsets.UTF_8);
                private int at;
                private int parts;
                private long size;
                private boolean ended;

                @Override
                public int read() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int read(byte[] buffer, int offset, int length) {
                    if (at == part.length) {
                        if (ended) {
                            return -1;
                        }
                        size += part.length;
                        ended = size > SIZE;
                        String next = !ended
                                ? more.apply(parts++)
                                : answer == null && start.startsWith("{")
                                        ? "],\"function\":{\"jar\":\"j\",\"handler\":\"a.B\"}}"
                                        : "\n";
                        part = next.getBytes(StandardCharsets.UTF_8);
                        at = 0;
                    }
                    int n = Math.min(length, part.length - at);
                    System.arraycopy(part, at, buffer, offset, n);
                    at += n;
                    return n;
                }
            };
        }
    }

    /** Reads one body; prints what it came to. */
    public static void main(String[] args) throws IOException {
        Body body = Body.valueOf(args[0]);
        CallsetSettings limits = TestLimits.of(DataSize.ofGigabytes(1), DataSize.ofMegabytes(64), 1000, 100_000);
        DataSink nowhere = new DataSink() {
            @Override
            public void part(byte[] buffer, int offset, int length) {
                // It would be stored.
            }

            @Override
            public void add(byte[] buffer, int offset, int length) {
                // It would be stored.
            }
        };
        try {
            if (body.name().contains("LINE")) {
                new NdjsonReader(limits).read(body.stream(), nowhere, TestLimits.memory());
            } else {
                new MapRequestReader(limits).read(body.stream(), nowhere, TestLimits.memory());
            }
            System.out.print("accepted");
        } catch (ProblemException e) {
            System.out.print(e.type().slug());
        }
    }

    @ParameterizedTest
    @EnumSource
    void no_body_exhausts_the_heap(Body body) throws Exception {
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                JsonMemoryTest.class.getName(), body.name()).redirectErrorStream(true).start();
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(said).isEqualTo(body.answer == null ? "accepted" : body.answer);
            assertThat(process.waitFor()).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
