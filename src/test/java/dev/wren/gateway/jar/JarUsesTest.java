package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TouchedTest {

    private final JarUses touched = new JarUses();

    private boolean removed(String key) {
        return touched.unlessTouched(key, () -> {
        });
    }

    /** Else everybody who asks for contents that are not there fills the memory until the next sweep. */
    @Test
    void what_is_not_there_leaves_nothing() {
        for (int i = 0; i < 1000; i++) {
            touched.begin("none" + i);
            touched.forget("none" + i);
        }
        assertThat(touched.size()).isZero();
    }

    @Test
    void what_was_used_since_the_sweep_began_is_kept_by_it() {
        touched.beginSweep();
        touched.begin("a");
        assertThat(removed("a")).isFalse();
        touched.end("a");
        assertThat(removed("a")).isFalse();
        touched.begin("a");
        touched.forget("a");
        assertThat(removed("a")).isFalse();
        touched.beginSweep();
        assertThat(removed("a")).isTrue();
        assertThat(touched.size()).isZero();
    }

    @Test
    void what_is_in_use_is_kept_by_every_sweep() {
        touched.begin("a");
        touched.beginSweep();
        touched.beginSweep();
        assertThat(removed("a")).isFalse();
    }
}
