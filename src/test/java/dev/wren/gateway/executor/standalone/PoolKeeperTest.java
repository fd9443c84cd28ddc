package dev.wren.gateway.executor.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class PoolKeeperTest {

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TestClock clock = new TestClock();

    private PoolKeeper keeper() {
        StandaloneSettings settings = new Binder(new MapConfigurationPropertySource())
                .bindOrCreate("wren.executors.standalone", StandaloneSettings.class);
        return new PoolKeeper("standalone", settings, null, null, store, clock);
    }

    @Test
    void one_gateway_looks_after_a_pool_and_another_when_it_is_not_heard_of() {
        PoolKeeper first = keeper();
        PoolKeeper second = keeper();
        assertThat(first.isKeeper()).isTrue();
        assertThat(second.isKeeper()).isFalse();
        clock.advance(Duration.ofSeconds(30));
        assertThat(first.isKeeper()).isTrue();
        clock.advance(Duration.ofSeconds(40));
        assertThat(second.isKeeper()).isFalse();
        clock.advance(Duration.ofSeconds(15));
        assertThat(second.isKeeper()).isTrue();
        assertThat(first.isKeeper()).isFalse();
        assertThat(second.isKeeper()).isTrue();
    }
}
