// kotlin-functions.jar beside this file is made of it, by kotlinc 2.2.0: kotlinc Functions.kt -jvm-target 21 -d kotlin-functions.jar
package kt

data class Person(val name: String, val age: Int = 18, val tags: List<String> = emptyList())

object Greeter {
    fun greet(person: Person): String = "hello ${person.name}, ${person.age}"
}

object Doubler : java.util.function.Function<Int, Int> {
    override fun apply(x: Int): Int = 2 * x
}

class Older : (Person) -> Person {
    override fun invoke(person: Person) = person.copy(age = person.age + 1)
}

class Quiet : (Int) -> Unit {
    override fun invoke(x: Int) = Unit
}

class Factory {
    companion object {
        fun make(name: String): Person = Person(name)
    }
}

class Twice : (Int, Int) -> Int {
    override fun invoke(x: Int, y: Int) = x * y
}

fun top(x: Int): Int = x + 1

class Patient {
    suspend fun rest(x: Int): Int = x
}
