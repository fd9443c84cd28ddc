package dev.wren.worker.function;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.CallError;
import dev.wren.protocol.ErrorCode;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From JSON to a function's types and back, through real functions. */
class BindingTest {

    private static FunctionFixture functions;

    @BeforeAll
    static void open() {
        functions = new FunctionFixture();
    }

    @AfterAll
    static void close() {
        functions.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {"fn.Square; 7; 49", "fn.Echo; null; null",
            "fn.Echo; [1.10,2,{\"a\":null}]; [1.10,2,{\"a\":null}]",
            "fn.Echo; 12345678901234567890123456789.123456789000; 12345678901234567890123456789.123456789000",
            "fn.Echo; 1E+500; 1E+500", "fn.Echo; \"\\ud83d\\ude00\\u0000\\\\ud83d\"; \"\uD83D\uDE00\\u0000\\\\ud83d\"",
            "fn.TypeNames; [1,2147483648,9223372036854775808,1.0,\"a\",true,null,[],{}];"
                    + " [\"Integer\",\"Long\",\"BigInteger\",\"BigDecimal\",\"String\",\"Boolean\",\"null\",\"ArrayList\",\"LinkedHashMap\"]",
            "fn.Methods::twice; 4; 8", "fn.Methods::greet; \"you\"; \"hello you\"", "fn.Methods::nothing; 1; null",
            "fn.Methods::decimal; 1.10; 1.10", "fn.Methods::decimal; 3; 3",
            "fn.Methods::integer; 123456789012345678901234567890; 123456789012345678901234567890",
            "fn.Methods::real; 5; 5.0", "fn.Methods::real; 0.1; 0.1", "fn.Methods::tiny; -128; -128",
            "fn.Methods::bytes; \"AQI=\"; \"AQI=\"", "fn.Methods::reals; [1,2.5]; [1.0,2.5]",
            "fn.Methods::letter; \"x\"; \"x\"", "fn.Methods::maybe; 1; 2", "fn.Methods::maybe; null; null",
            "fn.Methods::later; \"2026-01-01T00:00:00Z\"; \"2026-01-01T00:00:01Z\"",
            "fn.Methods::longer; \"PT1M\"; \"PT1M1S\"", "fn.Methods::tomorrow; \"2024-02-28\"; \"2024-02-29\"",
            "fn.Methods::generic; [1.0]; [1.0]", "fn.Methods::varargs; [\"a\",\"b\"]; \"a+b\"",
            "fn.Methods::checked; {\"x\":1}; 1", "fn.Turn; \"LEFT\"; \"RIGHT\"",
            "fn.SumPoints; [{\"x\":1,\"y\":2},{\"x\":3,\"y\":4}]; 10", "fn.WordCount; \"a b a\"; {\"a\":2,\"b\":1}",
            "fn.Inherited; [1.10,2.205]; 3.305", "fn.Inherited::reversed; [1.10,2]; [2,1.10]",
            "fn.Points; {\"x\":1,\"y\":2,\"way\":\"RIGHT\",\"tags\":[1]};"
                    + " {\"from\":{\"x\":1,\"y\":2,\"way\":\"RIGHT\",\"name\":null,\"tags\":[1]},\"to\":{\"x\":2,\"y\":2,\"way\":\"RIGHT\",\"name\":null,\"tags\":[1]},\"distance\":1.0}"})
    void binds(String handler, String datum, String value) {
        assertThat(functions.value(handler, datum)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {"fn.Square; \"7\"", "fn.Square; 7.0", "fn.Square; 1.5",
            "fn.Square; true", "fn.Square; 2147483648", "fn.Square; [7]", "fn.Square; 7 8", "fn.Square; 7]",
            "fn.Square; ", "fn.Methods::twice; null", "fn.Methods::twice; \"\"", "fn.Methods::greet; 5",
            "fn.Methods::greet; true", "fn.Methods::greet; {}", "fn.Methods::decimal; \"1\"",
            "fn.Methods::integer; 1.0", "fn.Methods::real; 1e400", "fn.Methods::real; -1e400",
            "fn.Methods::real; \"NaN\"", "fn.Methods::real; \"1\"", "fn.Methods::reals; [1e400]",
            "fn.Methods::reals; [\"Infinity\"]", "fn.Methods::reals; [null]", "fn.Methods::tiny; 128",
            "fn.Methods::tiny; 200", "fn.Methods::tiny; \"1\"", "fn.Methods::bytes; [1,200]", "fn.Methods::flag; 1",
            "fn.Methods::flag; \"true\"", "fn.Methods::letter; 65", "fn.Methods::letter; \"ab\"",
            "fn.Methods::letter; \"\"", "fn.Methods::maybe; \"1\"", "fn.Methods::later; 0",
            "fn.Methods::later; \"0\"", "fn.Methods::later; \"yesterday\"", "fn.Methods::longer; 5",
            "fn.Methods::tomorrow; [2024,2,28]", "fn.Methods::uuid; \"\"", "fn.Turn; 0", "fn.Turn; \"left\"",
            "fn.Turn; \"to the LEFT\"", "fn.Points; {\"y\":2}", "fn.Points; {\"x\":null,\"y\":2}",
            "fn.Points; {\"x\":1,\"y\":2,\"z\":3}", "fn.Points; []", "fn.Points; \"\"",
            "fn.SumPoints; [{\"x\":1.5,\"y\":2}]", "fn.Inherited; [\"1\"]", "fn.Inherited; 1"})
    void refuses(String handler, String datum) {
        CallError error = functions.error(handler, datum == null ? "" : datum);
        assertThat(error.code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(error.message()).startsWith("the datum cannot be bound: ").doesNotContain("Feature", "coercion was",
                "CoercionConfig", "REDACTED");
    }

    @Test
    void says_where_the_datum_does_not_fit() {
        assertThat(functions.error("fn.SumPoints", "[{\"x\":1,\"y\":2},{\"x\":1,\"y\":\"2\"}]").message())
                .endsWith(", at /1/y");
    }

    @Test
    void a_constructor_that_refuses_its_datum_is_named() {
        CallError error = functions.error("fn.Methods::checked", "{\"x\":-1}");
        assertThat(error.code()).isEqualTo(ErrorCode.RUNTIME);
        assertThat(error.type()).isEqualTo("java.lang.IllegalArgumentException");
        assertThat(error.message()).contains("negative");
        assertThat(error.stackTrace()).contains("fn.Methods$Checked").doesNotContain("dev.wren");
    }

    @Test
    void the_nesting_limit_holds() {
        assertThat(functions.value("fn.Echo", "[".repeat(1000) + "]".repeat(1000))).hasSize(2000);
        assertThat(functions.error("fn.Echo", "[".repeat(1002) + "]".repeat(1002)).message()).contains("nesting");
    }

    @Test
    void long_numbers_names_and_texts_are_no_matter() {
        String digits = "7".repeat(5000);
        assertThat(functions.value("fn.Echo", digits)).isEqualTo(digits);
        assertThat(functions.value("fn.Echo", digits + "." + digits)).isEqualTo(digits + "." + digits);
        String name = "{\"" + "n".repeat(100_000) + "\":1}";
        assertThat(functions.value("fn.Echo", name)).isEqualTo(name);
    }

    @Test
    void a_pair_on_the_border_of_abuffer_is_no_lone_surrogate() {
        for (int length = 1990; length < 2010; length++) {
            String text = "\"" + "x".repeat(length) + "\ud83d\ude00".repeat(5000) + "\"";
            assertThat(functions.apply("fn.Echo", text).error()).isNull();
        }
    }
}
