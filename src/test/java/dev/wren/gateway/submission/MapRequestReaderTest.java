package dev.wren.gateway.submission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.callset.TestLimits;
import dev.wren.gateway.limits.QuotaExceededException;
import dev.wren.gateway.record.MapSettings;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class MapRequestReaderTest {

    private static final String FUNCTION = "\"function\":{\"jar\":\"j\",\"handler\":\"a.B\"}";

    private final MapRequestReader reader = new MapRequestReader(
            TestLimits.of(DataSize.ofMegabytes(100), DataSize.ofMegabytes(1), 100, 1000));

    /** Gives 1 to {@code most} bytes at a time. */
    private static InputStream trickle(String text, int most, Random random) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)) {
            @Override
            public int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(length, 1 + random.nextInt(most)));
            }
        };
    }

    private MapSettings read(String body, DataSink sink) throws IOException {
        return reader.read(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), sink, TestLimits.memory())
                .settings();
    }

    @Test
    void data_are_the_very_bytes_that_came() throws IOException {
        List<String> tricky = List.of("1", "-0", "1.50", "1E+2", "1e400", "123456789012345678901234567890.10", "\"\"",
                "\"a\\u0041\\n\\\"\"", "\"äöü€😀\"", "null", "true", "false", "[]", "{}", "[1, 2 ,3]",
                "{ \"a\" : [ { } ] }", "\"]\"", "\"\\\\\"");
        Random random = new Random(11);
        for (int round = 0; round < 300; round++) {
            List<String> data = new ArrayList<>();
            StringBuilder body = new StringBuilder("{");
            boolean first = random.nextBoolean();
            if (first) {
                body.append(FUNCTION).append(',');
            }
            body.append(" \"iterdata\" : [ ");
            int size = random.nextInt(50);
            for (int i = 0; i < size; i++) {
                String datum = random.nextInt(20) == 0
                        ? "\"" + "x".repeat(random.nextInt(20_000)) + "\""
                        : tricky.get(random.nextInt(tricky.size()));
                data.add(datum);
                body.append(i == 0 ? "" : ",").append(" \n\t".substring(random.nextInt(4))).append(datum)
                        .append(" ".repeat(random.nextInt(3)));
            }
            body.append("]").append(first ? "" : "," + FUNCTION).append("} \n");
            CollectedData sink = new CollectedData();
            reader.read(trickle(body.toString(), 1 + random.nextInt(9000), random), sink, TestLimits.memory());
            assertThat(sink.data).isEqualTo(data);
        }
    }

    /** Longer than what is kept of a datum: up to 4 MB, in all of the parser's states. */
    @Test
    void large_data_are_the_very_bytes_that_came() throws IOException {
        MapRequestReader large = new MapRequestReader(
                TestLimits.of(DataSize.ofMegabytes(100), DataSize.ofMegabytes(8), 100, 1000));
        Random random = new Random(12);
        for (int round = 0; round < 12; round++) {
            List<String> data = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                data.add(largeDatum(random));
            }
            String body = "{\"iterdata\":[ " + String.join(random.nextBoolean() ? "," : " ,\n ", data) + " ],"
                    + FUNCTION + "}";
            CollectedData sink = new CollectedData();
            large.read(trickle(body, 1 + random.nextInt(90_000), random), sink, TestLimits.memory());
            assertThat(sink.data).isEqualTo(data);
        }
    }

    static String largeDatum(Random random) {
        String text = "\"" + List.of("plain", "ä€😀", "\\\"\\\\", "\\u00e4\\n", "],{}:\\/")
                .get(random.nextInt(5)).repeat(random.nextInt(400_000)) + "\"";
        return switch (random.nextInt(5)) {
            case 0 -> "[" + text + ", [" + text + "]]";
            case 1 -> "{\"a\" : " + text + ",\"b\":[1,2.5, null]}";
            case 2 -> "[" + "1,".repeat(random.nextInt(900_000)) + "1]";
            case 3 -> "17";
            default -> text;
        };
    }

    @Test
    void what_is_wrong_in_a_large_text_is_told_with_its_place() {
        MapRequestReader large = new MapRequestReader(
                TestLimits.of(DataSize.ofMegabytes(100), DataSize.ofMegabytes(8), 100, 1000));
        String text = "ä".repeat(1_500_000);
        for (String wrong : List.of("\u0001", "\\x", "\\u12g4", "\n")) {
            assertThatThrownBy(() -> large.read(new ByteArrayInputStream(("{\"iterdata\":[\"" + text + wrong + text
                    + "\"]}").getBytes(StandardCharsets.UTF_8)), new CollectedData(), TestLimits.memory()))
                    .isInstanceOfSatisfying(ProblemException.class, problem -> {
                        assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
                        assertThat(problem.properties()).containsEntry("line", 1L);
                    });
        }
        // In what the parser has read already, and where that ends.
        for (int before : IntStream.concat(IntStream.range(0, 5), IntStream.range(7900, 8300)).toArray()) {
            for (String wrong : List.of("\u0001", "\\x", "\\u12g4")) {
                assertThatThrownBy(() -> large.read(new ByteArrayInputStream(("{\"iterdata\":[\"" + "x".repeat(before)
                        + wrong + "y".repeat(20_000) + "\"]}").getBytes(StandardCharsets.UTF_8)), new CollectedData(),
                        TestLimits.memory())).as("%s after %s", wrong, before)
                        .isInstanceOfSatisfying(ProblemException.class,
                                problem -> assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON));
            }
        }
        assertThatThrownBy(() -> large.read(new ByteArrayInputStream(("{\"iterdata\":[1,\n\"" + text + "\" 5]}")
                .getBytes(StandardCharsets.UTF_8)), new CollectedData(), TestLimits.memory()))
                .isInstanceOfSatisfying(ProblemException.class, problem -> assertThat(problem.properties())
                        .containsEntry("line", 2L).containsEntry("column", 1_500_004L));
        assertThatThrownBy(() -> large.read(new ByteArrayInputStream(("{\"iterdata\":[\"" + text)
                .getBytes(StandardCharsets.UTF_8)), new CollectedData(), TestLimits.memory()))
                .isInstanceOfSatisfying(ProblemException.class,
                        problem -> assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON));
        assertThatThrownBy(() -> large.read(new ByteArrayInputStream(("{\"iterdata\":[\"" + text.repeat(3) + "\"]}")
                .getBytes(StandardCharsets.UTF_8)), new CollectedData(), TestLimits.memory()))
                .isInstanceOfSatisfying(ProblemException.class,
                        problem -> assertThat(problem.type()).isEqualTo(ProblemType.TOO_LARGE));
    }

    @Test
    void every_field_has_its_default() throws IOException {
        MapSettings settings = read("{\"iterdata\":[]," + FUNCTION + "}", new CollectedData());
        assertThat(settings.jobMaxRuntime()).isEqualTo(Duration.ofSeconds(200));
        assertThat(settings.invokePoolThreads()).isEqualTo(64);
        assertThat(settings.dataAllAsOne()).isTrue();
        assertThat(settings.useCachedRuntime()).isTrue();
        assertThat(settings.maxAttempts()).isEqualTo(1);
        assertThat(settings.extraMeta()).isEqualTo("{}");
        assertThat(settings.executor()).isNull();
        assertThat(settings.chunkSize()).isNull();
    }

    @Test
    void extra_meta_is_kept_as_it_was_written() throws IOException {
        MapSettings settings = read("{\"extraMeta\": { \"a\" : 1.50 } ,\"iterdata\":[]," + FUNCTION + "}",
                new CollectedData());
        assertThat(settings.extraMeta()).isEqualTo("{ \"a\" : 1.50 }");
    }

    @Test
    void all_wrong_fields_are_told_at_once() {
        assertThatThrownBy(() -> read("{\"iterdata\":{},\"chunkSize\":0,\"extraEnv\":{\"1\":\"x\"},\"nope\":1}",
                new CollectedData())).isInstanceOfSatisfying(ProblemException.class,
                        problem -> assertThat(problem.errors()).extracting(ProblemException.FieldError::pointer)
                                .containsExactlyInAnyOrder("/iterdata/uri", "/chunkSize", "/extraEnv/1", "/nope",
                                        "/function"));
    }

    @Test
    void bytes_that_are_not_utf8_are_refused_wherever_they_are() {
        byte[][] wrong = {{(byte) 0xff}, {(byte) 0xc0, (byte) 0x80}, {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
                {(byte) 0xe2, (byte) 0x82}};
        for (byte[] bad : wrong) {
            byte[] start = ("{" + FUNCTION + ",\n\"iterdata\":[\"ab").getBytes(StandardCharsets.UTF_8);
            byte[] end = "\"]}".getBytes(StandardCharsets.UTF_8);
            byte[] body = new byte[start.length + bad.length + end.length];
            System.arraycopy(start, 0, body, 0, start.length);
            System.arraycopy(bad, 0, body, start.length, bad.length);
            System.arraycopy(end, 0, body, start.length + bad.length, end.length);
            assertThatThrownBy(
                    () -> reader.read(new ByteArrayInputStream(body), new CollectedData(), TestLimits.memory()))
                    .isInstanceOfSatisfying(ProblemException.class, problem -> {
                        assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
                        assertThat(problem.properties().get("line")).isEqualTo(2L);
                    });
        }
    }

    /** What is held is bounded by all that may be held, whatever a datum's own limit. */
    @Test
    void a_body_that_needs_more_memory_than_there_is_for_all_is_refused() {
        String datum = "\"" + "x".repeat(900_000) + "\"";
        assertThatThrownBy(
                () -> reader.read(new ByteArrayInputStream(("{\"iterdata\":[" + datum + "]," + FUNCTION + "}")
                        .getBytes(StandardCharsets.UTF_8)), new CollectedData(), TestLimits.memory(500_000)))
                .isInstanceOf(QuotaExceededException.class);
    }

    private static void assertRefused(String body, ProblemType type, String detail) {
        MapRequestReaderTest test = new MapRequestReaderTest();
        assertThatThrownBy(() -> test.read(body, new CollectedData())).isInstanceOfSatisfying(ProblemException.class,
                problem -> {
                    assertThat(problem.type()).isEqualTo(type);
                    assertThat(problem.detail()).contains(detail);
                });
    }

    @Test
    void fields_have_one_budget_whatever_they_are_called() {
        String half = "\"" + "x".repeat(600_000) + "\"";
        assertRefused("{\"a\":" + half + ",\"b\":" + half + "}", ProblemType.TOO_LARGE, "1048576 bytes together");
        assertRefused("{\"extraMeta\":{\"a\":" + half + "},\"tags\":" + half + "}", ProblemType.TOO_LARGE,
                "1048576 bytes together");
        assertRefused("{\"" + "n".repeat(1_200_000) + "\":1}", ProblemType.TOO_LARGE, "1048576 bytes together");
        assertRefused("{" + " ".repeat(1_200_000) + "}", ProblemType.TOO_LARGE, "1048576 bytes together");
        StringBuilder many = new StringBuilder("{");
        for (int i = 0; i < 60; i++) {
            many.append("\"f").append(i).append("\":1,");
        }
        assertRefused(many + FUNCTION + "}", ProblemType.INVALID_REQUEST, "more than 50 fields");
    }

    @Test
    void the_members_of_a_datum_are_bounded() throws IOException {
        StringBuilder members = new StringBuilder("{\"m\":{}");
        for (int i = 0; i < 998; i++) {
            members.append(",\"k").append(i).append("\":[]");
        }
        CollectedData sink = new CollectedData();
        read("{\"iterdata\":[" + members + "}," + members + ",\"last\":1}]," + FUNCTION + "}", sink);
        assertThat(sink.data).hasSize(2);
        assertRefused("{\"iterdata\":[" + members + ",\"a\":{\"b\":1}}]," + FUNCTION + "}", ProblemType.TOO_LARGE,
                "1000 members");
    }

    /** Names are compared as what they mean, not as they were written. */
    @Test
    void names_that_are_there_twice_are_refused_however_they_are_written() throws IOException {
        assertRefused("{\"iterdata\":[{\"é\":1,\"\\u00e9\":2}]," + FUNCTION + "}", ProblemType.MALFORMED_JSON, "twice");
        read("{\"iterdata\":[{\"é\":1,\"\\u00c3\\u00a9\":2}]," + FUNCTION + "}", new CollectedData());
    }

    @Test
    void a_datum_may_be_as_large_as_the_limit_and_no_larger() throws IOException {
        String fits = "\"" + "x".repeat((1 << 20) - 2) + "\"";
        CollectedData sink = new CollectedData();
        read("{\"iterdata\":[1," + fits + ",2]," + FUNCTION + "}", sink);
        assertThat(sink.data).hasSize(3);
        assertThatThrownBy(() -> read("{\"iterdata\":[1,\"x" + fits.substring(1) + "]," + FUNCTION + "}",
                new CollectedData())).isInstanceOfSatisfying(ProblemException.class,
                        problem -> assertThat(problem.type()).isEqualTo(ProblemType.TOO_LARGE));
    }
}
