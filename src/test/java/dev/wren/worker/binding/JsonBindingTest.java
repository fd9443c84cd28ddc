package dev.wren.worker.binding;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonBindingTest {

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {"\\ud83d; true", "a\\uDE00b; true",
            "\\ud83d\\ude00; false", "\\uD83D\\uD83D\\uDE00; true", "\\ude00\\ud83d; true", "\\\\ud83d; false",
            "\\\\\\ud83d; true", "\\ud83dx\\ude00; true", "\\n\\u0001; false", "\\u; false", "\\ud7ff\\ue000; false"})
    void halves_of_surrogate_pairs_are_found(String json, boolean lone) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        assertThat(JsonBinding.hasLoneSurrogate(bytes, bytes.length)).isEqualTo(lone);
    }
}
