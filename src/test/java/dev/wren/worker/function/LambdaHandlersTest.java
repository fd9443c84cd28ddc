package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import dev.wren.protocol.ErrorCode;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.worker.UserJar;
import java.nio.file.Path;
import org.joda.time.DateTime;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** AWS Lambda's handlers, bound as on AWS Lambda. */
class LambdaHandlersTest {

    @TempDir
    private static Path folder;
    private static FunctionFixture functions;

    @BeforeAll
    static void open() throws Exception {
        Path jar = new UserJar(folder).with(SQSEvent.class).with(DateTime.class)
                .compiledWith(Context.class).source("Queue", """
                        import com.amazonaws.services.lambda.runtime.*;
                        import com.amazonaws.services.lambda.runtime.events.*;
                        import java.util.*;
                        public class Queue implements RequestHandler<SQSEvent, SQSBatchResponse> {
                            @Override public SQSBatchResponse handleRequest(SQSEvent event, Context context) {
                                List<SQSBatchResponse.BatchItemFailure> failures = new ArrayList<>();
                                for (SQSEvent.SQSMessage message : event.getRecords()) {
                                    if (message.getBody().isEmpty()) {
                                        failures.add(new SQSBatchResponse.BatchItemFailure(message.getMessageId()));
                                    }
                                }
                                return new SQSBatchResponse(failures);
                            }
                        }
                        """).source("Order", """
                        public class Order {
                            private int amount;
                            private String item = "?";
                            public int getAmount() { return amount; }
                            public void setAmount(int amount) { this.amount = amount; }
                            public String getItem() { return item; }
                            public void setItem(String item) { this.item = item; }
                        }
                        """).source("Shop", """
                        import com.amazonaws.services.lambda.runtime.*;
                        import java.util.*;
                        public class Shop implements RequestHandler<Order, Map<String, Object>> {
                            @Override public Map<String, Object> handleRequest(Order order, Context context) {
                                return Map.of("ordered", order.getAmount() + " " + order.getItem() + " "
                                        + context.getAwsRequestId());
                            }
                            public static int direct(Order order, Context context) { return order.getAmount(); }
                        }
                        """).source("Streams", """
                        import com.amazonaws.services.lambda.runtime.*;
                        import java.io.*;
                        public class Streams implements RequestStreamHandler {
                            @Override public void handleRequest(InputStream in, OutputStream out, Context context)
                                    throws IOException {
                                String text = new String(in.readAllBytes(), "UTF-8");
                                out.write((text.startsWith("\\"raw ") ? text.substring(5, text.length() - 1)
                                        : "{ \\"was\\" :\\n\\t" + text + " }\\n").getBytes("UTF-8"));
                            }
                            public static void plain(InputStream in, OutputStream out) throws IOException {
                                in.transferTo(out);
                            }
                            public void endless(InputStream in, OutputStream out) throws IOException {
                                while (true) { out.write(new byte[1 << 16]); }
                            }
                        }
                        """).lambda();
        assertThat(ClassPath.unpack(jar)).isPositive();
        functions = new FunctionFixture(jar);
    }

    @AfterAll
    static void close() {
        functions.close();
    }

    @Test
    void events_are_as_aws_sends_them() {
        assertThat(functions.value("own.Queue", "{\"Records\":[{\"messageId\":\"a\",\"body\":\"x\"},"
                + "{\"messageId\":\"b\",\"body\":\"\",\"eventSourceARN\":\"arn:aws:sqs:q\",\"new\":1}]}"))
                .isEqualTo("{\"batchItemFailures\":[{\"itemIdentifier\":\"b\"}]}");
        assertThat(functions.value("own.Queue::handleRequest", "{\"Records\":[]}"))
                .isEqualTo("{\"batchItemFailures\":[]}");
    }

    @Test
    void other_types_are_bound_by_lambdas_rules() {
        assertThat(functions.value("own.Shop", "{\"amount\":\"2\",\"item\":\"tea\",\"unknown\":[1]}"))
                .isEqualTo("{\"ordered\":\"2 tea cs/00007\"}");
        assertThat(functions.value("own.Shop::direct", "{\"amount\":2,\"more\":1}")).isEqualTo("2");
        assertThat(functions.error("own.Shop", "{\"amount\":[]}")).satisfies(error -> {
            assertThat(error.code()).isEqualTo(ErrorCode.RUNTIME);
            assertThat(error.message()).startsWith("the datum cannot be bound: ").endsWith(", at /amount");
        });
    }

    @Test
    void streams_take_json_and_give_json() {
        assertThat(functions.value("own.Streams", "{\"a\":[1.10, \"b c\"]}"))
                .isEqualTo("{\"was\":{\"a\":[1.10,\"b c\"]}}");
        assertThat(functions.value("own.Streams::handleRequest", "1")).isEqualTo("{\"was\":1}");
        assertThat(functions.value("own.Streams::plain", "[\"\\u00e4 \\\\\\\" \",null]"))
                .isEqualTo("[\"\\u00e4 \\\\\\\" \",null]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "1 2", "{'a':1}", "NaN", "[1,]", "text", "[1]]"})
    void what_is_no_json_is_the_calls_error(String written) {
        assertThat(functions.error("own.Streams", "\"raw " + written + "\"")).satisfies(error -> {
            assertThat(error.code()).isEqualTo(ErrorCode.RUNTIME);
            assertThat(error.message()).startsWith("the value cannot be written as JSON: ");
        });
    }

    @Test
    void a_stream_is_bounded() {
        assertThat(functions.error("own.Streams::endless", "1").message()).contains("larger than the limit");
    }
}
