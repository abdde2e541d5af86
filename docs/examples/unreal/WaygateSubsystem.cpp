#include "WaygateSubsystem.h"

#include "IWebSocket.h"
#include "Modules/ModuleManager.h"
#include "Serialization/JsonReader.h"
#include "Serialization/JsonSerializer.h"
#include "Serialization/JsonWriter.h"
#include "WebSocketsModule.h"

namespace
{
	constexpr int32 Normal = 1000;
	constexpr int32 Broken = 1006;
	constexpr int32 Unauthorized = 4401;
	constexpr int32 MaxRefusals = 5;
	constexpr float LongestPauseSeconds = 20.f;

	bool StaysAway(int32 CloseCode)
	{
		return CloseCode == Normal || CloseCode == 1003 || CloseCode == 1009 || CloseCode == 4403 || CloseCode == 4409;
	}

	int64 IntegerOf(const TSharedRef<FJsonObject>& Object, const TCHAR* Name, int64 Otherwise)
	{
		double Value = 0;
		return Object->TryGetNumberField(Name, Value) ? static_cast<int64>(Value) : Otherwise;
	}
}

void UWaygateSubsystem::Connect(const FString& InUrl, FWaygateGetToken InGetToken)
{
	if (State != EWaygateState::Idle && State != EWaygateState::Closed) return;
	Url = InUrl;
	GetToken = InGetToken;
	Attempt = 0;
	Refusals = 0;
	State = EWaygateState::Connecting;
	AskForToken();
}

void UWaygateSubsystem::Disconnect()
{
	if (State == EWaygateState::Idle || State == EWaygateState::Closed) return;
	FTSTicker::GetCoreTicker().RemoveTicker(RetryHandle);
	if (Socket.IsValid()) Socket->Close(Normal);
	Release();
	SessionId.Reset();
	LastSeq = 0;
	State = EWaygateState::Closed;
	FailAll();
	OnDisconnected.Broadcast(Normal, false);
}

void UWaygateSubsystem::Deinitialize()
{
	Disconnect();
	Super::Deinitialize();
}

void UWaygateSubsystem::Call(const FString& Method, const TSharedRef<FJsonObject>& Params, FWaygateReply OnReply)
{
	if (!Socket.IsValid() || !Socket->IsConnected())
	{
		if (OnReply) OnReply(nullptr);
		return;
	}
	const int32 Id = NextId++;
	Waiting.Add(Id, MoveTemp(OnReply));
	const TSharedRef<FJsonObject> Request = MakeShared<FJsonObject>();
	Request->SetStringField(TEXT("jsonrpc"), TEXT("2.0"));
	Request->SetNumberField(TEXT("id"), Id);
	Request->SetStringField(TEXT("method"), Method);
	Request->SetObjectField(TEXT("params"), Params);
	FString Text;
	const TSharedRef<TJsonWriter<>> Writer = TJsonWriterFactory<>::Create(&Text);
	FJsonSerializer::Serialize(Request, Writer);
	Socket->Send(Text);
}

void UWaygateSubsystem::AskForToken()
{
	const int32 Asked = ++Run;
	TWeakObjectPtr<UWaygateSubsystem> Self(this);
	GetToken.ExecuteIfBound(FWaygateGiveToken::CreateLambda([Self, Asked](const FString& Token)
	{
		if (!Self.IsValid() || Self->Run != Asked) return;
		if (Token.IsEmpty()) Self->Ended(Broken);
		else Self->Dial(Token);
	}));
}

void UWaygateSubsystem::Dial(const FString& Token)
{
	AnnouncedCloseCode = 0;
	PauseSeconds = 0.f;
	FWebSocketsModule& Module = FModuleManager::LoadModuleChecked<FWebSocketsModule>(TEXT("WebSockets"));
	const TArray<FString> Protocols = { TEXT("waygate.v1"), TEXT("bearer.") + Token };
	Socket = Module.CreateWebSocket(Url, Protocols);

	const int32 Dialled = Run;
	TWeakObjectPtr<UWaygateSubsystem> Self(this);
	const auto IsCurrent = [Self, Dialled] { return Self.IsValid() && Self->Run == Dialled; };
	Socket->OnMessage().AddLambda([Self, IsCurrent](const FString& Text)
	{
		if (IsCurrent()) Self->Take(Text);
	});
	Socket->OnConnectionError().AddLambda([Self, IsCurrent](const FString&)
	{
		if (IsCurrent()) Self->Ended(Broken);
	});
	Socket->OnClosed().AddLambda([Self, IsCurrent](int32 CloseCode, const FString&, bool bWasClean)
	{
		if (IsCurrent()) Self->Ended(bWasClean ? CloseCode : Broken);
	});
	Socket->Connect();
}

void UWaygateSubsystem::Ended(int32 CloseCode)
{
	Release();
	// A close frame can get lost; system.error before it said the same.
	if (CloseCode == Broken && AnnouncedCloseCode != 0) CloseCode = AnnouncedCloseCode;
	Refusals = CloseCode == Unauthorized ? Refusals + 1 : 0;
	const bool bWillReconnect = !StaysAway(CloseCode) && Refusals < MaxRefusals;
	State = bWillReconnect ? EWaygateState::Reconnecting : EWaygateState::Closed;
	if (bWillReconnect) Retry();
	FailAll();
	OnDisconnected.Broadcast(CloseCode, bWillReconnect);
}

void UWaygateSubsystem::Retry()
{
	const float Limit = FMath::Min(LongestPauseSeconds, 0.5f * FMath::Pow(2.f, static_cast<float>(Attempt++)));
	const float Pause = FMath::Max(PauseSeconds, FMath::FRandRange(0.f, Limit));
	RetryHandle = FTSTicker::GetCoreTicker().AddTicker(
		FTickerDelegate::CreateWeakLambda(this, [this](float)
		{
			AskForToken();
			return false;
		}),
		Pause);
}

void UWaygateSubsystem::Release()
{
	++Run;
	Socket.Reset();
}

void UWaygateSubsystem::FailAll()
{
	TMap<int32, FWaygateReply> Unanswered = MoveTemp(Waiting);
	Waiting.Reset();
	for (const TPair<int32, FWaygateReply>& Pair : Unanswered)
	{
		if (Pair.Value) Pair.Value(nullptr);
	}
}

void UWaygateSubsystem::Take(const FString& Text)
{
	TSharedPtr<FJsonObject> Message;
	const TSharedRef<TJsonReader<>> Reader = TJsonReaderFactory<>::Create(Text);
	if (!FJsonSerializer::Deserialize(Reader, Message) || !Message.IsValid()) return;
	FString Method;
	if (!Message->TryGetStringField(TEXT("method"), Method))
	{
		Settle(Message.ToSharedRef());
		return;
	}
	const TSharedPtr<FJsonObject>* Params = nullptr;
	if (Message->TryGetObjectField(TEXT("params"), Params)) Hear(Method, Params->ToSharedRef());
}

void UWaygateSubsystem::Settle(const TSharedRef<FJsonObject>& Message)
{
	FWaygateReply OnReply;
	const int32 Id = static_cast<int32>(IntegerOf(Message, TEXT("id"), 0));
	if (Waiting.RemoveAndCopyValue(Id, OnReply) && OnReply) OnReply(Message);
}

void UWaygateSubsystem::Hear(const FString& Method, const TSharedRef<FJsonObject>& Params)
{
	const int64 Seq = IntegerOf(Params, TEXT("seq"), -1);
	if (Seq >= 0)
	{
		if (Seq <= LastSeq) return;
		LastSeq = Seq;
	}
	if (Method == TEXT("system.welcome"))
	{
		Greeted(Params);
	}
	else if (Method == TEXT("system.error"))
	{
		const TSharedPtr<FJsonObject>* Data = nullptr;
		if (Params->TryGetObjectField(TEXT("data"), Data))
		{
			AnnouncedCloseCode = static_cast<int32>(IntegerOf(Data->ToSharedRef(), TEXT("close_code"), 0));
		}
	}
	else if (Method == TEXT("system.shutdown"))
	{
		PauseSeconds = IntegerOf(Params, TEXT("reconnect_after_ms"), 0) / 1000.f;
	}
	else if (Method == TEXT("system.token_expiring"))
	{
		Refresh();
	}
	else if (Method == TEXT("presence.updated"))
	{
		for (const TSharedPtr<FJsonValue>& Presence : Params->GetArrayField(TEXT("presences")))
		{
			Show(Presence->AsObject().ToSharedRef());
		}
	}
	OnNotified.Broadcast(Method, Params);
}

void UWaygateSubsystem::Greeted(const TSharedRef<FJsonObject>& Welcome)
{
	const FString Earlier = SessionId;
	SessionId = Welcome->GetStringField(TEXT("session_id"));
	Attempt = 0;
	Refusals = 0;
	Show(Welcome->GetObjectField(TEXT("presence")).ToSharedRef());
	if (Earlier.IsEmpty())
	{
		Ready();
		return;
	}
	// The first message of the connection; what was missed follows the answer.
	const TSharedRef<FJsonObject> Params = MakeShared<FJsonObject>();
	Params->SetStringField(TEXT("session_id"), Earlier);
	Params->SetNumberField(TEXT("last_seq"), static_cast<double>(LastSeq));
	TWeakObjectPtr<UWaygateSubsystem> Self(this);
	Call(TEXT("session.resume"), Params, [Self](const TSharedPtr<FJsonObject>& Reply)
	{
		if (!Self.IsValid() || !Reply.IsValid()) return;
		const TSharedPtr<FJsonObject>* Result = nullptr;
		bool bResumed = false;
		if (Reply->TryGetObjectField(TEXT("result"), Result)) (*Result)->TryGetBoolField(TEXT("resumed"), bResumed);
		if (!bResumed) Self->LastSeq = 0;
		Self->Ready();
	});
}

void UWaygateSubsystem::Ready()
{
	State = EWaygateState::Connected;
	OnConnected.Broadcast(SessionId);
}

void UWaygateSubsystem::Refresh()
{
	const int32 Asked = Run;
	TWeakObjectPtr<UWaygateSubsystem> Self(this);
	GetToken.ExecuteIfBound(FWaygateGiveToken::CreateLambda([Self, Asked](const FString& Token)
	{
		if (!Self.IsValid() || Self->Run != Asked || Token.IsEmpty()) return;
		const TSharedRef<FJsonObject> Params = MakeShared<FJsonObject>();
		Params->SetStringField(TEXT("token"), Token);
		Self->Call(TEXT("auth.refresh"), Params);
	}));
}

void UWaygateSubsystem::Show(const TSharedRef<FJsonObject>& Presence)
{
	FWaygatePresence Shown;
	Shown.UserId = Presence->GetStringField(TEXT("user_id"));
	Shown.Status = Presence->GetStringField(TEXT("status"));
	Presence->TryGetStringField(TEXT("name"), Shown.Name);
	Presence->TryGetStringField(TEXT("location"), Shown.Location);
	Shown.Version = IntegerOf(Presence, TEXT("version"), 0);
	const int64* Known = Versions.Find(Shown.UserId);
	if (Known != nullptr && Shown.Version <= *Known) return;
	Versions.Add(Shown.UserId, Shown.Version);
	OnPresenceUpdated.Broadcast(Shown);
}
