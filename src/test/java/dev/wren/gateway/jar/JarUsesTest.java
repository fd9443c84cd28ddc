package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JarUsesTest {

    private final JarUses uses = new JarUses();

    private boolean removed(String key) {
        return uses.unlessTouched(key, () -> true);
    }

    /** Else everybody who asks for contents that are not there fills the memory until the next sweep. */
    @Test
    void what_is_not_there_leaves_nothing() {
        for (int i = 0; i < 1000; i++) {
            uses.begin("none" + i);
            uses.forget("none" + i);
        }
        assertThat(uses.size()).isZero();
    }

    @Test
    void what_was_used_since_the_sweep_began_is_kept_by_it() {
        uses.beginSweep();
        uses.begin("a");
        assertThat(removed("a")).isFalse();
        uses.end("a");
        assertThat(removed("a")).isFalse();
        uses.begin("a");
        uses.forget("a");
        assertThat(removed("a")).isFalse();
        uses.beginSweep();
        assertThat(removed("a")).isTrue();
        assertThat(uses.size()).isZero();
    }

    @Test
    void what_is_in_use_is_kept_by_every_sweep() {
        uses.begin("a");
        uses.beginSweep();
        uses.beginSweep();
        assertThat(removed("a")).isFalse();
    }
}
