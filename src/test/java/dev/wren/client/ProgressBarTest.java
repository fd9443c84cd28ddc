package dev.wren.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {

    private final AtomicLong nanos = new AtomicLong();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final Time time = new Time(nanos::get, wait -> {
    });

    private ProgressBar.Factory factory(boolean shown) {
        return new ProgressBar.Factory(new PrintStream(out, true, StandardCharsets.UTF_8), shown, time);
    }

    private String[] drawn() {
        return out.toString(StandardCharsets.UTF_8).replace("\u001b[K", "").strip().split("\r");
    }

    @Test
    void is_drawn_now_and_then_and_at_the_end_and_not_after_it() {
        ProgressBar bar = factory(true).calls(1000);
        try (bar) {
            for (int i = 1; i <= 1000; i++) {
                nanos.addAndGet(Duration.ofMillis(1).toNanos());
                bar.set(i, i > 500 ? "7 failed" : "");
            }
        }
        bar.set(1000, "late");
        assertThat(drawn()).hasSizeBetween(10, 13);
        assertThat(drawn()[drawn().length - 1]).isEqualTo("calls [" + "=".repeat(30) + "] 1,000 of 1,000 7 failed");
        assertThat(out.toString(StandardCharsets.UTF_8)).endsWith(System.lineSeparator()).doesNotContain("late");
    }

    @Test
    void bytes_are_told_in_megabytes_and_nothing_is_shown_where_there_is_no_terminal() {
        try (ProgressBar bar = factory(true).uploading(2)) {
            bar.total(3 << 20);
            bar.add(1 << 20);
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
            bar.add(2 << 20);
        }
        assertThat(drawn()[drawn().length - 1]).startsWith("uploading 2 jars [").endsWith("3.0 MB of 3.0 MB");
        out.reset();
        try (ProgressBar none = factory(false).calls(5)) {
            none.set(5, "");
        }
        try (ProgressBar nothing = factory(true).calls(0)) {
            nothing.set(0, "");
        }
        assertThat(out.size()).isZero();
    }
}
