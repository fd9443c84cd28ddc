package dev.wren.gateway.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BalanceTest {

    private static Balance of(int count, Set<Integer> mine, List<Set<Integer>> others, Set<Integer> leaving) {
        return Balance.of(count, mine, others, leaving, 7);
    }

    @Test
    void one_alone_takes_all() {
        Balance balance = of(16, Set.of(), List.of(), Set.of());
        assertThat(balance.take()).hasSize(16);
        assertThat(balance.most()).isEqualTo(16);
    }

    @Test
    void what_others_hold_or_are_about_to_let_go_of_is_not_taken() {
        Balance balance = of(4, Set.of(0), List.of(Set.of(1)), Set.of(2));
        assertThat(balance.take()).containsExactly(3);
        assertThat(balance.most()).isEqualTo(1);
        assertThat(balance.give()).isZero();
    }

    @Test
    void whoever_has_too_many_gives() {
        assertThat(of(4, Set.of(0, 1, 2, 3), List.of(Set.of()), Set.of()).give()).isEqualTo(2);
        assertThat(of(4, Set.of(0, 1), List.of(Set.of(2, 3)), Set.of()).give()).isZero();
    }

    @Test
    void one_that_has_less_than_the_least_is_given_one_by_those_that_have_more() {
        List<Set<Integer>> others = List.of(Set.of(6, 7, 8, 9, 10, 11), Set.of(12, 13, 14, 15));
        assertThat(of(16, Set.of(0, 1, 2, 3, 4, 5), others, Set.of()).give()).isEqualTo(1);
    }

    /** Gateways come and go, and each acts on what it saw at some time before: they come to rest, and all have a fair share. */
    @Test
    void whatever_comes_and_goes_it_comes_to_a_fair_rest() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            int count = 1 + random.nextInt(20);
            List<Set<Integer>> held = new ArrayList<>();
            held.add(new HashSet<>());
            for (int step = 0; step < 60; step++) {
                if (random.nextInt(6) == 0 && held.size() < 8) {
                    held.add(new HashSet<>());
                }
                if (random.nextInt(8) == 0 && held.size() > 1) {
                    held.remove(random.nextInt(held.size()));
                }
                act(held, random.nextInt(held.size()), count, seed);
            }
            for (int turn = 0; turn < 100 * held.size(); turn++) {
                act(held, turn % held.size(), count, seed);
            }
            List<Integer> sizes = held.stream().map(Set::size).sorted().toList();
            assertThat(sizes.stream().mapToInt(each -> each).sum()).as("seed %d: %s", seed, sizes).isEqualTo(count);
            assertThat(sizes.getLast() - sizes.getFirst()).as("seed %d: %s", seed, sizes).isLessThanOrEqualTo(1);
        }
    }

    private static void act(List<Set<Integer>> held, int who, int count, int seed) {
        List<Set<Integer>> others = new ArrayList<>(held);
        Set<Integer> mine = others.remove(who);
        Balance balance = Balance.of(count, mine, others, Set.of(), seed + who);
        if (balance.give() > 0) {
            List.copyOf(mine).subList(0, balance.give()).forEach(mine::remove);
        } else {
            balance.take().stream().limit(balance.most()).forEach(mine::add);
        }
    }
}
