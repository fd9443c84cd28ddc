package dev.wren.gateway.submission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.callset.TestLimits;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class NdjsonReaderTest {

    private final NdjsonReader reader = new NdjsonReader(
            TestLimits.of(DataSize.ofMegabytes(10), DataSize.ofKilobytes(50), 100, 1000));

    private List<String> read(InputStream body) throws IOException {
        return read(reader, body);
    }

    private static List<String> read(NdjsonReader reader, InputStream body) throws IOException {
        CollectedData data = new CollectedData();
        reader.read(body, data, TestLimits.memory());
        return data.data;
    }

    /** Gives 1 to {@code most} bytes at a time. */
    private static InputStream trickle(byte[] body, int most, Random random) {
        return new ByteArrayInputStream(body) {
            @Override
            public int read(byte[] buffer, int offset, int length) {
                return super.read(buffer, offset, Math.min(length, 1 + random.nextInt(most)));
            }
        };
    }

    @Test
    void data_are_the_very_bytes_of_their_lines_however_they_arrive() throws IOException {
        List<String> tricky = List.of("1", "-0", "1.50", "1E+2", "123456789012345678901234567890.10", "\"\"",
                "\"a\\u0041\\n\\\"\"", "\"äöü€😀\"", "null", "true", "[]", "{}", "[1, 2 ,3]", "{ \"a\" : [ { } ] }");
        List<String> ends = List.of("\n", "\r\n", " \n", "\n\n", "\n \t\n");
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            List<String> lines = new ArrayList<>();
            StringBuilder body = new StringBuilder(random.nextBoolean() ? "\n" : "");
            int size = random.nextInt(60);
            for (int i = 0; i < size; i++) {
                String datum = random.nextInt(15) == 0
                        ? "\"" + "x".repeat(random.nextInt(40_000)) + "\""
                        : tricky.get(random.nextInt(tricky.size()));
                lines.add(datum);
                body.append(" \t".substring(random.nextInt(3))).append(datum)
                        .append(i == size - 1 && random.nextBoolean() ? "" : ends.get(random.nextInt(ends.size())));
            }
            byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
            assertThat(read(trickle(bytes, 1 + random.nextInt(70_000), random))).isEqualTo(lines);
        }
    }

    /** A character may be in two blocks. */
    @Test
    void text_beyond_ascii_is_read_wherever_the_blocks_end() throws IOException {
        for (int shift = 0; shift < 4; shift++) {
            String lines = "\"" + "x".repeat(shift) + "\"\n" + "\"ä€😀\"\n".repeat(60_000);
            assertThat(read(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)))).hasSize(60_001);
        }
    }

    /** Longer than what is kept of a line. */
    @Test
    void large_data_are_the_very_bytes_of_their_lines() throws IOException {
        NdjsonReader large = new NdjsonReader(
                TestLimits.of(DataSize.ofMegabytes(100), DataSize.ofMegabytes(8), 100, 1000));
        Random random = new Random(6);
        for (int round = 0; round < 8; round++) {
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                lines.add(MapRequestReaderTest.largeDatum(random));
            }
            byte[] bytes = (" " + String.join(random.nextBoolean() ? "\n" : " \r\n\n \t", lines)
                    + (random.nextBoolean() ? "" : " \r\n")).getBytes(StandardCharsets.UTF_8);
            assertThat(read(large, trickle(bytes, 1 + random.nextInt(90_000), random))).isEqualTo(lines);
        }
        String text = "x".repeat(2_000_000);
        for (String wrong : List.of("\"" + text, "[\"" + text + "\"", "\"" + text + "\" 1", "\"" + text + "\\q\"",
                "[\"" + text + "\",]")) {
            assertThatThrownBy(() -> read(large, new ByteArrayInputStream(("1\n\n" + wrong + "\n2\n").getBytes(
                    StandardCharsets.UTF_8)))).as(wrong.substring(wrong.length() - 5))
                    .isInstanceOfSatisfying(ProblemException.class, problem -> {
                        assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
                        assertThat(problem.properties()).containsEntry("line", 3L);
                    });
        }
        assertThatThrownBy(() -> read(large, new ByteArrayInputStream(("1\n\"" + text.repeat(5) + "\"").getBytes(
                StandardCharsets.UTF_8)))).isInstanceOfSatisfying(ProblemException.class, problem -> {
                    assertThat(problem.type()).isEqualTo(ProblemType.TOO_LARGE);
                    assertThat(problem.properties()).containsEntry("line", 2L);
                });
    }

    @Test
    void a_wrong_line_is_named_wherever_the_blocks_end() {
        Random random = new Random(9);
        for (int round = 0; round < 100; round++) {
            int good = random.nextInt(3000);
            String body = "12345\n".repeat(good) + "\n{\"a\":}\n1\n";
            assertThatThrownBy(() -> read(trickle(body.getBytes(StandardCharsets.UTF_8), 1 + random.nextInt(5000),
                    random))).isInstanceOfSatisfying(ProblemException.class, problem -> {
                        assertThat(problem.type()).isEqualTo(ProblemType.MALFORMED_JSON);
                        assertThat(problem.properties()).containsEntry("line", good + 2L);
                    });
        }
    }

    @Test
    void a_line_of_white_space_is_bounded_too() {
        assertThatThrownBy(() -> read(new ByteArrayInputStream(" ".repeat(60_000).getBytes(
                StandardCharsets.UTF_8)))).isInstanceOfSatisfying(ProblemException.class,
                        problem -> assertThat(problem.type()).isEqualTo(ProblemType.TOO_LARGE));
    }
}
