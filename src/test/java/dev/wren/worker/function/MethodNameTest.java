package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.ErrorCode;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MethodNameTest {

    private final FunctionFixture fixture = new FunctionFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"fn.Named::kind(I)|[]|5|\"int\"",
            "fn.Named::kind(Ljava/lang/String;)Ljava/lang/String;|[]|\"5\"|\"text\"",
            "fn.Named::plus(ILjava/util/List;I)I| [ 7 , [2, 3]] |5|17",
            "fn.Named::plus(ILjava/util/List;I)|[-1,[4]]|2|7",
            "fn.Named::whose(Ljava/lang/String;ILjava/util/Map;)|[\"ä,]\"]|5|\"ä,]000075\"",
            "fn.Named$Point::x()I|[]|{\"x\":3,\"y\":4}|3", "fn.Named$Point::sum()|[]|{\"x\":3,\"y\":4}|7",
            "fn.Named$Point::plus(I)|[9]|{\"x\":3,\"y\":4}|{\"x\":12,\"y\":4}",
            "java.lang.Integer::parseInt(Ljava/lang/String;)I|[]|\"12\"|12",
            "java.lang.String::length()I|[]|\"four\"|4"})
    void calls_what_is_named(String handler, String arguments, String datum, String value) {
        assertThat(fixture.with(arguments).value(handler, datum)).isEqualTo(value);
    }

    @Test
    void an_instance_is_made_once_for_each_set_of_arguments() {
        assertThat(fixture.value("fn.Named::count(I)", "10")).isEqualTo("10");
        assertThat(fixture.value("fn.Named::count(I)", "10")).isEqualTo("20");
        assertThat(fixture.with("[1,[1]]").value("fn.Named::plus(ILjava/util/List;I)", "10")).isEqualTo("11");
        assertThat(fixture.with("[2,[1]]").value("fn.Named::plus(ILjava/util/List;I)", "10")).isEqualTo("12");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"fn.Named::kind(J)|[]|no method", "fn.Named::kind(I)I|[]|no method",
            "fn.Named::kind|[]|not public", "fn.Square|[1]|is a class", "fn.Named::kind(I)|[1,2]|has 1 parameters",
            "fn.Named::plus(ILjava/util/List;I)|[]|one or two", "fn.Named$Closed::apply(I)|[]|constructor",
            "fn.Named::plus(ILjava/util/List;I)|[\"x\",[1]]|int"})
    void says_what_cannot_be_called(String handler, String arguments, String why) {
        var error = fixture.with(arguments).error(handler, "1");
        assertThat(error.code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(error.message()).contains(why);
    }
}
