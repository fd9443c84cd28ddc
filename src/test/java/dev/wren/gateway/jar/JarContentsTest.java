package dev.wren.gateway.jar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.FaultyStore;
import dev.wren.gateway.FaultyStore.Fault;
import dev.wren.gateway.TestClock;
import dev.wren.gateway.store.MemoryObjectStore;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreException;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.protocol.ObjectKeys;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two gateways: one removes what nothing refers to, and one makes use of it. */
class JarContentsTest {

    private static final String TENANT = "default";
    private static final String HASH = "a".repeat(64);
    private static final String CONTENT = ObjectKeys.jarContent(TENANT, HASH);
    private static final String MARK = ObjectKeys.unusedJar(TENANT, HASH);
    private static final Duration KEPT = Duration.ofDays(7);

    private final MemoryObjectStore memory = new MemoryObjectStore();
    private final FaultyStore faults = new FaultyStore();
    private final ObjectStore store = faults.wrap(memory);
    private final TestClock clock = new TestClock();
    private final JarContents remover = new JarContents(store, clock);
    private final JarContents user = new JarContents(store, clock);
    private Path file;

    @BeforeEach
    void put(@TempDir Path folder) throws Exception {
        file = Files.writeString(folder.resolve("jar"), "a jar");
        assertThat(user.<Boolean>keep(TENANT, HASH, file, () -> true)).isTrue();
        user.beginSweep();
        assertThat(remover.unused(TENANT, HASH, KEPT)).isEmpty();
    }

    private boolean isThere() {
        return user.has(TENANT, HASH);
    }

    @Test
    void what_nothing_refers_to_for_long_enough_is_removed() {
        clock.advance(KEPT.minusMinutes(1));
        assertThat(remover.unused(TENANT, HASH, KEPT)).isEmpty();
        assertThat(isThere()).isTrue();
        clock.advance(Duration.ofMinutes(1));
        assertThat(remover.unused(TENANT, HASH, KEPT)).isPresent();
        assertThat(isThere()).isFalse();
        assertThat(store.get(MARK)).isEmpty();
        assertThat(user.pin(TENANT, HASH)).isEmpty();
    }

    /** It has looked for references before the other has begun to use it. */
    @Test
    void what_another_gateway_has_begun_to_use_is_kept() throws Exception {
        clock.advance(KEPT);
        assertThat(user.pin(TENANT, HASH)).isPresent();
        assertThat(remover.unused(TENANT, HASH, KEPT)).isEmpty();
        clock.advance(KEPT);
        user.beginSweep();
        assertThat(user.<Boolean>keep(TENANT, HASH, file, () -> true)).isTrue();
        assertThat(remover.unused(TENANT, HASH, KEPT)).isEmpty();
        assertThat(isThere()).isTrue();
    }

    /** It is asked at the last moment: when the remover has read the mark, and not yet changed it. */
    @Test
    void of_two_at_once_one_gives_way() {
        clock.advance(KEPT);
        boolean[] pinned = {false};
        faults.faults((operation, key) -> {
            if (operation.equals("replace") && key.equals(MARK) && !pinned[0]) {
                pinned[0] = true;
                assertThat(user.pin(TENANT, HASH)).isPresent();
            }
            return Fault.NONE;
        });
        assertThat(remover.unused(TENANT, HASH, KEPT)).isEmpty();
        assertThat(pinned[0]).isTrue();
        assertThat(isThere()).isTrue();
    }

    @Test
    void while_it_is_removed_nobody_begins_to_use_it() throws Exception {
        clock.advance(KEPT);
        faults.faults((operation, key) -> operation.equals("delete") && key.equals(CONTENT)
                ? Fault.BEFORE
                : Fault.NONE);
        assertThatThrownBy(() -> remover.unused(TENANT, HASH, KEPT)).isInstanceOf(StoreException.class);
        faults.faults((_, _) -> Fault.NONE);
        assertThatThrownBy(() -> user.pin(TENANT, HASH)).isInstanceOfSatisfying(ProblemException.class,
                problem -> assertThat(problem.type()).isEqualTo(ProblemType.UNAVAILABLE));
        assertThatThrownBy(() -> user.keep(TENANT, HASH, file, () -> true)).isInstanceOf(ProblemException.class);
        // The next sweep goes on with it.
        assertThat(remover.unused(TENANT, HASH, KEPT)).isPresent();
        assertThat(user.<Boolean>keep(TENANT, HASH, file, () -> true)).isTrue();
        assertThat(isThere()).isTrue();
    }

    @Test
    void a_mark_that_a_crash_has_left_of_what_is_gone_keeps_nobody_from_it() throws Exception {
        clock.advance(KEPT);
        faults.faults((operation, key) -> operation.equals("delete") && key.equals(MARK) ? Fault.BEFORE : Fault.NONE);
        assertThatThrownBy(() -> remover.unused(TENANT, HASH, KEPT)).isInstanceOf(StoreException.class);
        faults.faults((_, _) -> Fault.NONE);
        assertThat(isThere()).isFalse();
        assertThat(user.pin(TENANT, HASH)).isEqualTo(Optional.empty());
        assertThat(user.<Boolean>keep(TENANT, HASH, file, () -> true)).isTrue();
        assertThat(isThere()).isTrue();
        assertThat(store.get(MARK)).isEmpty();
    }

    /** Else each submission would ask the store once more for each jar. */
    @Test
    void what_is_safe_is_not_asked_for_again_until_the_next_sweep() {
        int[] asked = {0};
        faults.faults((operation, key) -> {
            if (key.equals(MARK)) {
                asked[0]++;
            }
            return Fault.NONE;
        });
        for (int i = 0; i < 3; i++) {
            user.unpin(user.pin(TENANT, HASH).orElseThrow());
        }
        assertThat(asked[0]).isEqualTo(2);
        user.beginSweep();
        user.unpin(user.pin(TENANT, HASH).orElseThrow());
        assertThat(asked[0]).isEqualTo(4);
    }
}
