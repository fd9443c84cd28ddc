package dev.wren.gateway.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LaunchKeysTest {

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TestClock clock = new TestClock();
    private final LaunchKeys keys = new LaunchKeys(store, clock);
    private final List<String> tokens = new ArrayList<>();

    private LaunchKeys.Result once(String key, String body) {
        return keys.once("t", key, body, "standalone", token -> {
            tokens.add(token);
            return List.of("i-" + tokens.size());
        });
    }

    @Test
    void a_key_launches_once_a_day_also_over_midnight() {
        assertThat(once("k", "body").isNew()).isTrue();
        clock.advance(Duration.ofHours(23));
        LaunchKeys.Result again = once("k", "body");
        assertThat(again.isNew()).isFalse();
        assertThat(again.done().ids()).containsExactly("i-1");
        assertThatThrownBy(() -> once("k", "other")).isInstanceOf(ProblemException.class)
                .satisfies(e -> assertThat(((ProblemException) e).type())
                        .isEqualTo(ProblemType.IDEMPOTENCY_KEY_REUSED));
        clock.advance(Duration.ofHours(2));
        assertThat(once("k", "other").done().ids()).containsExactly("i-2");
    }

    @Test
    void each_try_has_a_token_and_the_same_try_the_same() {
        assertThatThrownBy(() -> keys.once("t", "k", "body", "standalone", token -> {
            tokens.add(token);
            throw new ProblemException(ProblemType.EC2_REFUSED, "no room");
        })).isInstanceOf(ProblemException.class);
        // Nobody knows what became of this one: it is tried again as it was.
        assertThatThrownBy(() -> keys.once("t", "k", "body", "standalone", token -> {
            tokens.add(token);
            throw new IllegalStateException("the gateway has died");
        })).isInstanceOf(IllegalStateException.class);
        assertThat(once("k", "body").isNew()).isTrue();
        assertThat(tokens.get(1)).isNotEqualTo(tokens.get(0)).isEqualTo(tokens.get(2));
    }

    @Test
    void what_is_over_is_removed() {
        for (int i = 0; i < 250; i++) {
            assertThat(once("k" + i, "body").isNew()).isTrue();
        }
        assertThat(store.list("instances/launches/", null, 1000)).hasSize(250);
        clock.advance(Duration.ofDays(3));
        assertThat(once("new", "body").isNew()).isTrue();
        assertThat(store.list("instances/launches/", null, 1000)).hasSize(1);
    }
}
