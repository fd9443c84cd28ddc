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
    void whatIsNotThereLeavesNothing() {
        for (int i = 0; i < 1000; i++) {
            touched.begin("none" + i);
            touched.forget("none" + i);
        }
        assertThat(touched.size()).isZero();
    }

    @Test
    void whatWasUsedSinceTheSweepBeganIsKeptByIt() {
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
    void whatIsInUseIsKeptByEverySweep() {
        touched.begin("a");
        touched.beginSweep();
        touched.beginSweep();
        assertThat(removed("a")).isFalse();
    }
}
