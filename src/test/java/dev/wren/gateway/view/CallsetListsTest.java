package dev.wren.gateway.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.CallsetId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CallsetListsTest {

    private static final Comparator<CallsetId> NEWEST_FIRST = Comparator.comparing(CallsetId::key);

    /** What one gateway tells of its own: it looks at a bounded number of them, and may not come to its limit. */
    private static CallsetLists.Part part(List<CallsetId> own, CallsetId after, int limit, int scan) {
        List<CallsetId> rest = own.stream().filter(id -> after == null || NEWEST_FIRST.compare(id, after) > 0).toList();
        int looked = Math.min(Math.min(limit, scan), rest.size());
        List<CallsetLists.Item> items = rest.subList(0, looked).stream().filter(id -> id.millis() % 3 > 0)
                .map(id -> new CallsetLists.Item(id, id.text())).toList();
        return new CallsetLists.Part(items, looked < rest.size() ? rest.get(looked - 1) : null);
    }

    @Test
    void pages_of_several_gateways_are_the_pages_of_one() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<List<CallsetId>> owners = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int i = random.nextInt(40); i > 0; i--) {
                int owner = random.nextInt(3);
                owners.get(owner)
                        .add(CallsetId.of(1000 + random.nextInt(30), owner, random.nextLong(), random.nextLong()));
            }
            owners.forEach(each -> each.sort(NEWEST_FIRST));
            List<CallsetId> all = owners.stream().flatMap(List::stream).filter(id -> id.millis() % 3 > 0)
                    .sorted(NEWEST_FIRST).toList();
            int limit = 1 + random.nextInt(6);
            List<CallsetId> paged = new ArrayList<>();
            CallsetId after = null;
            do {
                CallsetId from = after;
                CallsetLists.Part page = CallsetLists.merge(owners.stream()
                        .map(own -> part(own, from, limit, 1 + random.nextInt(5))).toList(), limit);
                assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
                page.items().forEach(item -> paged.add(item.id()));
                after = page.next();
                assertThat(after == null || from == null || NEWEST_FIRST.compare(after, from) > 0).as("it goes on")
                        .isTrue();
            } while (after != null);
            assertThat(paged).as("seed %d", seed).isEqualTo(all);
        }
    }
}
