package dev.wren.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.protocol.CallState;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever happens to calls, in whatever order: the table adds up, and what has ended stays so. */
class CallTableTest {

    private static final int SIZE = 50;

    @Test
    void random_lives_of_calls_keep_to_the_states() {
        Random random = new Random(4);
        for (int round = 0; round < 200; round++) {
            CallTable table = new CallTable(SIZE);
            CallState[] model = new CallState[SIZE];
            int[] attempts = new int[SIZE];
            Arrays.fill(model, CallState.NEW);
            for (int step = 0; step < 400; step++) {
                int call = random.nextInt(SIZE);
                boolean ended = model[call].isFinal();
                switch (random.nextInt(6)) {
                    case 0, 1 -> {
                        if (ended) {
                            assertThatThrownBy(() -> table.invoke(call)).isInstanceOf(IllegalStateException.class);
                        } else {
                            table.invoke(call);
                            model[call] = CallState.INVOKED;
                        }
                    }
                    case 2 -> {
                        CallState outcome = random.nextBoolean() ? CallState.SUCCESS : CallState.ERROR;
                        int attempt = attempts[call];
                        if (ended) {
                            assertThatThrownBy(() -> table.end(call, attempt, outcome, 1, 2))
                                    .isInstanceOf(IllegalStateException.class);
                        } else {
                            table.end(call, attempt, outcome, step, 2 * step);
                            model[call] = outcome;
                            assertThat(table.location(call)).contains(new CallTable.Location(step, 2 * step));
                        }
                    }
                    case 3 -> {
                        int to = Math.min(SIZE, call + random.nextInt(3));
                        table.cancel(call, to);
                        for (int each = call; each < to; each++) {
                            model[each] = model[each].isFinal() ? model[each] : CallState.CANCELLED;
                        }
                    }
                    case 4 -> {
                        if (!ended) {
                            if (random.nextBoolean()) {
                                table.decide(call);
                            } else {
                                table.decideBegun(call, call);
                                model[call] = model[call] == CallState.INVOKED ? CallState.RUNNING : model[call];
                            }
                            assertThat(table.isDecided(call)).isTrue();
                            assertThat(table.state(call)).isEqualTo(model[call]);
                        }
                    }
                    default -> {
                        if (!ended && random.nextBoolean()) {
                            table.tryAgain(call, ++attempts[call]);
                        } else if (!ended) {
                            table.keep(call, ++attempts[call], step, step);
                        }
                    }
                }
                check(table, model, attempts);
            }
        }
    }

    private static void check(CallTable table, CallState[] model, int[] attempts) {
        int ended = 0;
        for (CallState state : CallState.values()) {
            int count = 0;
            int first = -1;
            for (int call = 0; call < SIZE; call++) {
                if (model[call] == state) {
                    count++;
                    first = first < 0 ? call : first;
                }
            }
            ended += state.isFinal() ? count : 0;
            assertThat(table.count(state)).isEqualTo(count);
            assertThat(table.next(state, 0).orElse(-1)).isEqualTo(first);
        }
        assertThat(table.ended()).isEqualTo(ended);
        for (int call = 0; call < SIZE; call++) {
            assertThat(table.state(call)).isEqualTo(model[call]);
            assertThat(table.attempts(call)).isEqualTo(attempts[call]);
            assertThat(table.isDecided(call) || !model[call].isFinal()).isTrue();
        }
    }
}
