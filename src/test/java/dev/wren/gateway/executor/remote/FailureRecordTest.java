package dev.wren.gateway.executor.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.executor.remote.FailureRecord.Fate;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.WireException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Records in the form of AWS's documentation of asynchronous invocation. */
class FailureRecordTest {

    private static FailureRecord record(String condition, String type, String message) {
        return FailureRecord
                .read("""
                        {"version":"1.0","timestamp":"2026-11-14T18:16:05.568Z","requestContext":{
                         "requestId":"e4b46cbf-b738-xmpl-8880-a18cdf61200e","functionArn":"arn:aws:lambda:us-east-2:1:function:f:1",
                         "condition":"%s","approximateInvokeCount":1},
                         "responseContext":{"statusCode":200,"executedVersion":"1","functionError":"Unhandled"},
                         "responsePayload":{"errorMessage":"%s","errorType":"%s"}}"""
                        .formatted(condition, message, type));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            Runtime.ExitError | RequestId: 1 Error: Runtime exited with error: exit status 3      | RETCODE  | 3
            Runtime.ExitError | RequestId: 1 Error: Runtime exited with error: signal: killed     | RETCODE  | 137
            Runtime.ExitError | RequestId: 1 Error: Runtime exited without providing a reason     | RETCODE  | 0
            Runtime.OutOfMemory | RequestId: 1 Error: Runtime exited with error: signal: killed   | RETCODE  | 137
            Runtime.Unknown   | something new                                                     | RETCODE  | -
            Sandbox.Timedout  | RequestId: 1 Error: Task timed out after 3.00 seconds             | OUTATIME | -
            -                 | 2026-11-14T18:16:05.568Z 1 Task timed out after 3.00 seconds       | OUTATIME | -
            """)
    void the_end_of_an_environment_is_the_calls(String type, String message, ErrorCode code, Integer exit) {
        FailureRecord record = record("RetriesExhausted", type == null ? "" : type, message);
        assertThat(record.requestId()).isEqualTo("e4b46cbf-b738-xmpl-8880-a18cdf61200e");
        assertThat(record.invocation()).isEmpty();
        Fate.Died died = (Fate.Died) record.fate();
        assertThat(died.error().code()).isEqualTo(code);
        assertThat(died.exitCode()).isEqualTo(exit);
    }

    @Test
    void what_waited_too_long_was_not_begun() {
        assertThat(record("EventAgeExceeded", "", "").fate()).isInstanceOf(Fate.NotBegun.class);
    }

    @Test
    void a_worker_that_cannot_report_is_no_fault_of_the_call() {
        assertThat(record("RetriesExhausted", "java.io.IOException", "the queue of reports does not take them").fate())
                .isInstanceOf(Fate.Trouble.class);
    }

    @Test
    void an_environment_that_has_ended_itself_has_reported_all() {
        assertThat(record("RetriesExhausted", "Runtime.ExitError", "Runtime exited with error: exit status 75").fate())
                .isInstanceOf(Fate.Reported.class);
    }

    @Test
    void anything_else_is_none() {
        for (String body : new String[]{"", "[]", "{}", "{\"requestContext\":{}}", "{\"requestContext\":1", "null"}) {
            assertThatThrownBy(() -> FailureRecord.read(body)).isInstanceOf(WireException.class);
        }
    }
}
