package dev.wren.gateway.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.executor.Chunk;
import dev.wren.gateway.executor.ChunkContents;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DeadlinesTest {

    private final Steps steps = new Steps();
    private final Random random = new Random(1);
    private final List<String> overdue = new ArrayList<>();
    private final Deadlines deadlines = new Deadlines(steps.ticker(),
            (delay, action) -> steps.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS));

    private Chunk chunk(String name, long seconds) {
        Chunk chunk = new Chunk(null, new Chunk.Sending(new int[]{0}, new int[]{1}, 1, Instant.EPOCH),
                new ChunkContents.InHand(List.of(new byte[0])), Duration.ofSeconds(seconds), steps.ticker(), sink());
        chunk.attach(new Chunk.Handler() {
            @Override
            public boolean overdue() {
                overdue.add(name + " at " + steps.ticker().read() / 1_000_000_000L % 1000);
                return true;
            }
        });
        return chunk;
    }

    /** Tells only of times. */
    private Chunk.Sink sink() {
        return (Chunk.Sink) Proxy.newProxyInstance(Chunk.Sink.class.getClassLoader(), new Class<?>[]{Chunk.Sink.class},
                (_, method, arguments) -> {
                    assertThat(method.getName()).isEqualTo("dueSooner");
                    deadlines.add((Chunk) arguments[0]);
                    return null;
                });
    }

    private void until(long second) {
        while (steps.ticker().read() / 1_000_000_000L % 1000 < second && steps.runOne(random)) {
            // Goes on.
        }
    }

    @Test
    void each_is_told_at_its_time_whoever_came_first() {
        deadlines.add(chunk("late", 50));
        deadlines.add(chunk("soon", 10));
        until(60);
        // Told again, as long as it does not end.
        assertThat(overdue).startsWith("soon at 10", "soon at 20", "soon at 30", "soon at 40")
                .contains("late at 50");
        assertThat(deadlines.size()).isEqualTo(2);
    }

    @Test
    void what_is_heard_moves_the_time_on() {
        Chunk chunk = chunk("heard", 10);
        deadlines.add(chunk);
        deadlines.add(chunk("clock", 9));
        until(9);
        chunk.heard(Duration.ofSeconds(20));
        until(28);
        assertThat(overdue).filteredOn(each -> each.startsWith("heard")).isEmpty();
        until(30);
        assertThat(overdue).contains("heard at 29");
    }

    @Test
    void a_time_that_is_sooner_than_it_was_is_kept() {
        Chunk chunk = chunk("sooner", 100);
        deadlines.add(chunk);
        chunk.heard(Duration.ofSeconds(5));
        until(6);
        assertThat(overdue).startsWith("sooner at 5");
    }

    @Test
    void what_has_ended_is_not_told_and_nothing_stays() {
        Chunk chunk = chunk("ended", 10);
        deadlines.add(chunk);
        deadlines.remove(chunk);
        until(100);
        assertThat(overdue).isEmpty();
        assertThat(deadlines.size()).isZero();
    }
}
