using CodexOrleans.Storage.Tests.Contract;

namespace CodexOrleans.Storage.Tests.Sqlite;

public sealed class SqliteAppendSpecs : AppendSpecs<SqliteFixture>;

public sealed class SqliteFenceSpecs : FenceSpecs<SqliteFixture>;

public sealed class SqliteTurnSpecs : TurnSpecs<SqliteFixture>;

public sealed class SqlitePagingSpecs : PagingSpecs<SqliteFixture>;

public sealed class SqliteDeleteSpecs : DeleteSpecs<SqliteFixture>;

public sealed class SqliteBrowserSessionSpecs : BrowserSessionSpecs<SqliteFixture>;
