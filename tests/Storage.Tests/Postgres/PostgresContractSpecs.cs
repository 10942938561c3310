using CodexOrleans.Storage.Tests.Contract;

namespace CodexOrleans.Storage.Tests.Postgres;

public sealed class PostgresAppendSpecs : AppendSpecs<PostgresFixture>;

public sealed class PostgresFenceSpecs : FenceSpecs<PostgresFixture>;

public sealed class PostgresTurnSpecs : TurnSpecs<PostgresFixture>;

public sealed class PostgresPagingSpecs : PagingSpecs<PostgresFixture>;

public sealed class PostgresDeleteSpecs : DeleteSpecs<PostgresFixture>;

public sealed class PostgresBrowserSessionSpecs : BrowserSessionSpecs<PostgresFixture>;
