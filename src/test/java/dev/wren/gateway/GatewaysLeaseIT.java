package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.wren.BesideOthers;
import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.HeldShards;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway that has not renewed its lease in time, and does so before another takes what it holds. */
@BesideOthers
class GatewaysLeaseIT {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Duration LEASE = Duration.ofHours(1);

    private final AtomicLong ahead = new AtomicLong();

    private static String[] settings(Path store, Duration lease) {
        return Stream.concat(TestStore.onS3(store).stream(), Stream.of("--wren.gateways.lease=" + lease.toSeconds()
                + "s", "--wren.gateways.patience=60s")).toArray(String[]::new);
    }

    private RunningGateway late(Path store) {
        return RunningGateway.start(store, context -> context.registerBean("testTicker", Ticker.class,
                () -> () -> System.nanoTime() + ahead.get(), definition -> definition.setPrimary(true)),
                settings(store, LEASE));
    }

    private static void renew(RunningGateway gateway) {
        assertThat(gateway.bean(Gateways.class).renew(gateway.bean(HeldShards.class).all())).isTrue();
    }

    private static double refused(RunningGateway gateway) {
        return gateway.bean(MeterRegistry.class).find("http.server.requests").tag("status", "503").timers().stream()
                .mapToDouble(Timer::count).sum();
    }

    /** A machine that stands still for a moment, or a store that does, must not be seen by callers but in how long it takes. */
    @Test
    void what_is_asked_of_it_meanwhile_is_answered_when_it_has(@TempDir Path store) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                RunningGateway late = late(store)) {
            Http http = late.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[3]}";
            String id = http.map(map);
            http.done(id);
            Future<RunningGateway> starting = threads
                    .submit(() -> RunningGateway.start(store, settings(store, Duration.ofSeconds(5))));
            await().atMost(SOON).until(() -> {
                renew(late);
                return starting.isDone();
            });
            try (RunningGateway other = starting.get()) {
                ahead.addAndGet(LEASE.toNanos() * 65 / 100);
                assertThat(late.bean(Gateways.class).isSure()).isFalse();
                Future<Http.Answer> read = threads.submit(() -> other.http().get("/calls/" + id + "/00000/result"));
                Future<Http.Answer> accepted = threads.submit(() -> http.post("/calls", map));
                Future<Http.Answer> listed = threads.submit(() -> other.http().get("/calls"));
                await().atMost(SOON).until(() -> refused(late) >= 2);
                assertThat(Stream.of(read, accepted, listed)).noneMatch(Future::isDone);
                renew(late);
                assertThat(read.get(SOON.toSeconds(), TimeUnit.SECONDS).text()).isEqualTo("9");
                Http.Answer map2 = accepted.get(SOON.toSeconds(), TimeUnit.SECONDS);
                assertThat(map2.status()).as(map2.text()).isEqualTo(202);
                assertThat(listed.get(SOON.toSeconds(), TimeUnit.SECONDS).status()).isEqualTo(200);
            }
        }
    }
}
