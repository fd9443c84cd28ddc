package dev.wren.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.util.RawValue;

class MapBodyTest {

    private static final byte[] FIELDS = "{\"a\":1}".getBytes(StandardCharsets.UTF_8);

    private static MapBody body(Iterator<?> data) {
        return new MapBody(FIELDS, data, JsonMapper.shared());
    }

    private static String text(MapBody body) throws IOException {
        try (InputStream in = body.open()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String expected(int size) {
        return IntStream.range(0, size).mapToObj(i -> "\"datum " + i + "\"")
                .collect(Collectors.joining(",", "{\"a\":1,\"iterdata\":[", "]}"));
    }

    /** None, one, some in memory, and more than is kept there. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000, 200_000})
    void is_made_once_and_read_as_often_as_it_takes(int size) throws IOException {
        AtomicInteger made = new AtomicInteger();
        Iterator<String> data = IntStream.range(0, size).mapToObj(i -> "datum " + i).peek(i -> made.incrementAndGet())
                .iterator();
        try (MapBody body = body(data)) {
            try (InputStream broken = body.open()) {
                int some = broken.readNBytes(expected(size).length() / 2).length;
                assertThat(some).isPositive();
            }
            assertThat(made.get()).isLessThan(Math.max(size, 2000));
            assertThat(text(body)).isEqualTo(expected(size));
            assertThat(text(body)).isEqualTo(expected(size));
            assertThat(made).hasValue(size);
        }
    }

    @Test
    void json_that_is_there_is_passed_on_as_it_is() throws IOException {
        try (MapBody body = body(List.of(new RawValue("{\"x\": 1.50}"), 2).iterator())) {
            assertThat(text(body)).isEqualTo("{\"a\":1,\"iterdata\":[{\"x\": 1.50},2]}");
        }
    }

    @Test
    void a_datum_without_json_is_named() {
        Object cycle = new Object() {
            @SuppressWarnings("unused")
            public Object getSelf() {
                return this;
            }
        };
        try (MapBody body = body(List.of(1, 2, cycle).iterator())) {
            assertThatThrownBy(() -> text(body)).isInstanceOf(IOException.class);
            assertThat(body.failure()).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("The datum 2");
        }
    }

    @Test
    void what_the_data_throw_is_kept() {
        Iterator<Integer> data = IntStream.range(0, 5).map(i -> 10 / (3 - i)).iterator();
        try (MapBody body = body(data)) {
            assertThatThrownBy(() -> text(body)).isInstanceOf(IOException.class);
            assertThat(body.failure()).isInstanceOf(ArithmeticException.class);
        }
    }
}
