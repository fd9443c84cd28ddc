package dev.wren.worker.output;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.Output;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallOutputTest {

    @TempDir
    Path folder;

    private final PrintStream realOut = System.out;
    private final PrintStream realErr = System.err;
    private final InputStream realIn = System.in;
    private Path file;
    private CallOutput output;

    @BeforeEach
    void install() {
        file = folder.resolve("output");
        output = new CallOutput(file, 20, 100);
        output.install();
    }

    @AfterEach
    void remove() throws Exception {
        System.setOut(realOut);
        System.setErr(realErr);
        System.setIn(realIn);
        output.close();
    }

    private static String text(Output output) {
        return new String(output.excerpt(), StandardCharsets.UTF_8);
    }

    @Test
    void nothing_written_is_nothing() {
        assertThat(output.take()).isSameAs(Output.NONE);
        System.out.print("");
        assertThat(output.take()).isSameAs(Output.NONE);
    }

    @Test
    void every_print_is_in_the_file_at_once() throws Exception {
        System.out.print('a');
        System.err.println(1);
        System.out.printf("%s-%d", "b", 2);
        System.out.append("c");
        System.out.write('d');
        assertThat(Files.readString(file)).isEqualTo("a1\nb-2cd");
        assertThat(text(output.take())).isEqualTo("a1\nb-2cd");
        assertThat(file).isEmptyFile();
    }

    @Test
    void of_along_output_head_and_tail_are_reported() {
        System.out.print("0123456789".repeat(6));
        Output taken = output.take();
        assertThat(text(taken)).isEqualTo("0123456789\n[... 40 bytes left out ...]\n0123456789");
        assertThat(taken.logSize()).isEqualTo(60);
        assertThat(new String(output.log(), StandardCharsets.UTF_8)).isEqualTo("0123456789".repeat(6));
        System.out.print("next");
        assertThat(text(output.take())).isEqualTo("next");
        assertThat(output.log()).isEmpty();
    }

    @Test
    void of_avery_long_one_the_log_is_head_and_tail_too() throws Exception {
        for (int i = 0; i < 1000; i++) {
            System.out.print(String.format("%09d ", i));
        }
        assertThat(Files.size(file)).isEqualTo(100);
        Output taken = output.take();
        assertThat(new String(output.log(), StandardCharsets.UTF_8)).isEqualTo("000000000 000000001 000000002 000000003"
                + " 000000004 \n[... 9900 bytes left out ...]\n000000995 000000996 000000997 000000998 000000999 ");
        assertThat(text(taken)).isEqualTo("000000000 \n[... 9980 bytes left out ...]\n000000999 ");
    }

    @Test
    void what_others_append_to_the_file_is_part_of_it() throws Exception {
        System.out.print("a");
        Files.writeString(file, "b".repeat(300), StandardOpenOption.APPEND);
        System.out.print("c".repeat(120));
        output.take();
        // 50 bytes of head, and the last 50 of the file, which got 100 bytes of Java's, and the 21 in memory.
        assertThat(new String(output.log(), StandardCharsets.UTF_8)).isEqualTo(
                "a" + "b".repeat(49) + "\n[... 321 bytes left out ...]\n" + "c".repeat(50));
    }

    @Test
    void characters_are_not_cut() {
        System.out.print("\u20ac".repeat(20));
        assertThat(text(output.take()))
                .isEqualTo("\u20ac\u20ac\u20ac\n[... 42 bytes left out ...]\n\u20ac\u20ac\u20ac");
    }

    @Test
    void bytes_that_are_no_text_are_replaced() {
        byte[] bytes = new byte[50];
        Arrays.fill(bytes, (byte) 0x80);
        System.out.write(bytes, 0, 10);
        assertThat(text(output.take())).isEqualTo("\ufffd".repeat(10));
        System.out.write(bytes, 0, 50);
        Output taken = output.take();
        assertThat(text(taken)).startsWith("\ufffd\ufffd").contains("left out").endsWith("\ufffd\ufffd");
        assertThat(output.log()).isEqualTo(bytes);
    }
}
