package dev.wren.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OriginsTest {

    @Test
    void every_call_finds_its_origin_whatever_the_runs() {
        Random random = new Random(2);
        for (int round = 0; round < 500; round++) {
            int size = 1 + random.nextInt(200);
            Origins.Builder builder = new Origins.Builder(size);
            List<Integer> calls = new ArrayList<>();
            int share = 1 + random.nextInt(10);
            for (int call = 0; call < size; call++) {
                if (random.nextInt(10) < share) {
                    calls.add(call);
                    builder.add(call);
                }
            }
            Origins origins = builder.build();
            assertThat(origins.size()).isEqualTo(calls.size());
            Origins stored = Origins.of(origins.sizeOfOrigin(), origins.runs());
            for (int i = 0; i < calls.size(); i++) {
                assertThat(stored.of(i)).isEqualTo(calls.get(i));
            }
        }
        assertThat(Origins.NONE.size()).isZero();
    }
}
