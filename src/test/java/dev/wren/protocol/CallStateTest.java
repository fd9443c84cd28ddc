package dev.wren.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CallStateTest {

    @Test
    void all_pairs_of_the_table() {
        List<String> allowed = new ArrayList<>();
        for (CallState from : CallState.values()) {
            for (CallState to : CallState.values()) {
                if (from.canBecome(to)) {
                    allowed.add(from + ">" + to);
                }
            }
        }
        assertThat(allowed).containsExactly("NEW>INVOKED", "NEW>RUNNING", "NEW>SUCCESS", "NEW>ERROR", "NEW>CANCELLED",
                "INVOKED>INVOKED", "INVOKED>RUNNING", "INVOKED>SUCCESS", "INVOKED>ERROR", "INVOKED>CANCELLED",
                "RUNNING>INVOKED", "RUNNING>SUCCESS", "RUNNING>ERROR", "RUNNING>CANCELLED");
    }

    @Test
    void numbers_on_the_wire_are_for_good() {
        assertThat(CallState.values()).extracting(CallState::code).containsExactly(0, 1, 2, 3, 4, 5);
        assertThatThrownBy(() -> CallState.of(6)).isInstanceOf(WireException.class);
    }

    @Test
    void call_ids_have_one_width_and_one_form() {
        assertThat(CallIds.format(7, 10)).isEqualTo("00007");
        assertThat(CallIds.format(7, 1_000_000)).isEqualTo("000007");
        assertThat(CallIds.width(100_001)).isEqualTo(6);
        assertThat(CallIds.width(100_000)).isEqualTo(5);
        assertThat(CallIds.parse("00007", 8)).hasValue(7);
        assertThat(CallIds.parse("00008", 8)).isEmpty();
        assertThat(CallIds.parse("7", 8)).isEmpty();
        assertThat(CallIds.parse("000007", 8)).isEmpty();
        assertThat(CallIds.parse("+0007", 8)).isEmpty();
        assertThat(CallIds.parse("٠٠٠٠٧", 8)).isEmpty();
    }

    @Test
    void callset_ids_sort_by_time_and_their_keys_the_other_way() {
        Random random = new Random(1);
        CallsetId before = CallsetId.of(0, 0, 0, 0);
        for (int i = 0; i < 1000; i++) {
            CallsetId id = CallsetId.of(before.millis() + 1 + random.nextInt(1 << 30), random.nextInt(1024),
                    random.nextLong(), random.nextLong());
            assertThat(id.text()).isGreaterThan(before.text());
            assertThat(id.key()).isLessThan(before.key());
            assertThat(CallsetId.ofKey(id.key())).contains(id);
            before = id;
        }
        assertThat(CallsetId.of(123_456_789_012L, 77, 5, 6).shard()).isEqualTo(77);
        assertThat(CallsetId.parse("UPPER")).isEmpty();
    }

    @Test
    void reports_come_back_as_they_were_written() {
        Report.Status status = new Report.Status(1, 2, 3, true, "local-1", new Output(new byte[]{1, 2}, 77), 137);
        for (Report report : List.of(new Report(5, 1, 1L << 40, new Outcome.Success(new Value.Stored(99)), status),
                new Report(6, 2, 7, new Outcome.Failure(new CallError(ErrorCode.LOST, null, "gone", null)), null),
                new Report(7, 3, 0, new Outcome.Cancelled(), null))) {
            WireWriter out = new WireWriter(1);
            report.write(out);
            byte[] bytes = out.toByteArray();
            Report read = Report.read(new WireReader(bytes));
            assertThat(read).usingRecursiveComparison().isEqualTo(report);
            for (int length = 0; length < bytes.length; length++) {
                int cut = length;
                assertThatThrownBy(() -> Report.read(new WireReader(bytes, 0, cut)))
                        .isInstanceOf(WireException.class);
            }
        }
    }
}
