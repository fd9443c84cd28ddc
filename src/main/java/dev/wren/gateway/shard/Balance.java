package dev.wren.gateway.shard;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * What a gateway is to do so that all have a fair share of the shards. Each decides for itself by what it sees of the others;
 * whoever sees something old does no harm, since a shard is taken by comparing and setting, and given only by its holder.
 *
 * @param take shards that nobody holds, in the order in which they are to be tried; some may be taken by others meanwhile
 * @param most of those are to be taken
 * @param give how many are to be given to others
 */
public record Balance(List<Integer> take, int most, int give) {

    /**
     * Of what is seen now.
     *
     * @param count of shards
     * @param mine held by this gateway
     * @param others held by each other gateway that stays
     * @param leaving held by gateways that are about to let go of them
     * @param order so that several gateways do not try the same ones first
     */
    public static Balance of(int count, Set<Integer> mine, List<Set<Integer>> others, Collection<Integer> leaving,
            long order) {
        int gateways = others.size() + 1;
        int least = count / gateways;
        int most = (count + gateways - 1) / gateways;
        List<Integer> free = new ArrayList<>();
        for (int shard = 0; shard < count; shard++) {
            int each = shard;
            if (!mine.contains(shard) && !leaving.contains(shard)
                    && others.stream().noneMatch(other -> other.contains(each))) {
                free.add(shard);
            }
        }
        Collections.shuffle(free, new Random(order));
        int give = Math.max(0, mine.size() - most);
        if (give == 0 && free.isEmpty() && leaving.isEmpty() && mine.size() > least
                && others.stream().anyMatch(other -> other.size() < least)) {
            give = 1;
        }
        return new Balance(free, Math.max(0, most - mine.size()), give);
    }
}
