package dev.wren.gateway.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wren.gateway.web.problem.ProblemException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CursorTest {

    @Test
    void names_a_key_of_one_list() {
        String cursor = Cursor.encode("calls red", "key");
        assertThat(Cursor.decode("calls red", cursor)).isEqualTo("key");
        assertThat(Cursor.decode("calls red", null)).isNull();
        assertThatThrownBy(() -> Cursor.decode("calls blue", cursor)).isInstanceOf(ProblemException.class);
    }

    @Test
    void a_damaged_one_is_refused() {
        Random random = new Random(3);
        String cursor = Cursor.encode("l", "some-key");
        for (int i = 0; i < 1000; i++) {
            char[] damaged = cursor.toCharArray();
            damaged[random.nextInt(damaged.length)] = "ABCxyz019-_!".charAt(random.nextInt(12));
            String text = new String(damaged);
            if (!text.equals(cursor)) {
                assertThatThrownBy(() -> Cursor.decode("l", text)).as(text).isInstanceOf(ProblemException.class);
            }
        }
        assertThatThrownBy(() -> Cursor.decode("l", "")).isInstanceOf(ProblemException.class);
    }
}
