package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The checker of the tests of several gateways sees what it is there for. */
class HistoryTest {

    private final History history = new History();

    private static JsonNode callset(int success, boolean done) {
        return Http.JSON.readTree("{\"callsetId\":\"a\",\"states\":{\"success\":" + success + "},\"done\":" + done
                + ",\"doneAt\":" + (done ? "\"then\"" : "null") + "}");
    }

    private static JsonNode future(String state, int result) {
        return Http.JSON
                .readTree("{\"callsetId\":\"a\",\"callId\":\"0\",\"state\":\"" + state + "\",\"result\":" + result
                        + ",\"attempts\":1}");
    }

    @Test
    void what_goes_on_is_right() {
        history.before().sawCallset(callset(1, false));
        History.Before early = history.before();
        history.before().sawCallset(callset(3, true));
        history.before().sawFuture(future("running", 0));
        history.before().sawFuture(future("success", 4));
        history.before().sawFuture(future("success", 4));
        // It was asked before the others were answered.
        early.sawCallset(callset(2, false));
        assertThat(history.wrong()).isEmpty();
        assertThat(history.answers()).isEqualTo(6);
    }

    @Test
    void a_count_that_goes_back_is_wrong() {
        history.before().sawCallset(callset(2, false));
        history.before().sawCallset(callset(1, false));
        assertThat(history.wrong()).hasSize(1);
    }

    @Test
    void an_end_that_is_taken_back_is_wrong() {
        history.before().sawCallset(callset(3, true));
        history.before().sawCallset(callset(3, false));
        history.before().sawFuture(future("success", 4));
        history.before().sawFuture(future("invoked", 0));
        assertThat(history.wrong()).hasSize(2);
    }

    @Test
    void another_value_is_wrong_whoever_asked_first() {
        History.Before early = history.before();
        history.before().sawFuture(future("success", 4));
        early.sawFuture(future("success", 5));
        assertThat(history.wrong()).hasSize(1);
    }
}
