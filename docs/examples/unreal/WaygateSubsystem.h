// A Waygate connection for Unreal Engine 5, as a subsystem of the game instance. Your Build.cs needs
// "WebSockets", "Json" and "JsonUtilities" among its dependencies.
//
// Comes back by the close codes of the wire contract, and resumes what was missed.
#pragma once

#include "CoreMinimal.h"
#include "Containers/Ticker.h"
#include "Dom/JsonObject.h"
#include "Subsystems/GameInstanceSubsystem.h"
#include "WaygateSubsystem.generated.h"

class IWebSocket;

UENUM(BlueprintType)
enum class EWaygateState : uint8
{
	Idle,
	Connecting,
	Connected,
	Reconnecting,
	Closed
};

USTRUCT(BlueprintType)
struct FWaygatePresence
{
	GENERATED_BODY()

	UPROPERTY(BlueprintReadOnly, Category = "Waygate")
	FString UserId;

	UPROPERTY(BlueprintReadOnly, Category = "Waygate")
	FString Name;

	/** online, away, busy or offline. */
	UPROPERTY(BlueprintReadOnly, Category = "Waygate")
	FString Status;

	/** Empty for nowhere. */
	UPROPERTY(BlueprintReadOnly, Category = "Waygate")
	FString Location;

	/** Only grows for each user. */
	UPROPERTY(BlueprintReadOnly, Category = "Waygate")
	int64 Version = 0;
};

DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FWaygateConnected, const FString&, SessionId);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_TwoParams(FWaygateDisconnected, int32, CloseCode, bool, bWillReconnect);
DECLARE_DYNAMIC_MULTICAST_DELEGATE_OneParam(FWaygatePresenceUpdated, const FWaygatePresence&, Presence);
DECLARE_MULTICAST_DELEGATE_TwoParams(FWaygateNotified, const FString& /* Method */, const TSharedRef<FJsonObject>& /* Params */);

/** Asked for a token for each try; call the other one with it, at once or later. */
DECLARE_DELEGATE_OneParam(FWaygateGiveToken, const FString& /* Token; empty for none */);
DECLARE_DELEGATE_OneParam(FWaygateGetToken, FWaygateGiveToken);

/** The reply to a call, with either `result` or `error`; null when no answer came. */
using FWaygateReply = TFunction<void(const TSharedPtr<FJsonObject>&)>;

UCLASS()
class UWaygateSubsystem : public UGameInstanceSubsystem
{
	GENERATED_BODY()

public:
	/** Stays connected until Disconnect() or a close that forbids to come back. */
	void Connect(const FString& InUrl, FWaygateGetToken InGetToken);

	UFUNCTION(BlueprintCallable, Category = "Waygate")
	void Disconnect();

	UFUNCTION(BlueprintPure, Category = "Waygate")
	EWaygateState GetState() const { return State; }

	/** Calls a method. A call that finds no connection is answered with null at once. */
	void Call(const FString& Method, const TSharedRef<FJsonObject>& Params, FWaygateReply OnReply = nullptr);

	UPROPERTY(BlueprintAssignable, Category = "Waygate")
	FWaygateConnected OnConnected;

	UPROPERTY(BlueprintAssignable, Category = "Waygate")
	FWaygateDisconnected OnDisconnected;

	UPROPERTY(BlueprintAssignable, Category = "Waygate")
	FWaygatePresenceUpdated OnPresenceUpdated;

	/** Events, announcements and whatever else the server sends unasked. */
	FWaygateNotified OnNotified;

	virtual void Deinitialize() override;

private:
	void AskForToken();
	void Dial(const FString& Token);
	void Ended(int32 CloseCode);
	void Retry();
	void Release();
	void FailAll();
	void Take(const FString& Text);
	void Settle(const TSharedRef<FJsonObject>& Message);
	void Hear(const FString& Method, const TSharedRef<FJsonObject>& Params);
	void Greeted(const TSharedRef<FJsonObject>& Welcome);
	void Ready();
	void Refresh();
	void Show(const TSharedRef<FJsonObject>& Presence);

	TSharedPtr<IWebSocket> Socket;
	FTSTicker::FDelegateHandle RetryHandle;
	FWaygateGetToken GetToken;
	FString Url;
	FString SessionId;
	TMap<int32, FWaygateReply> Waiting;
	TMap<FString, int64> Versions;
	EWaygateState State = EWaygateState::Idle;
	int32 NextId = 1;
	int64 LastSeq = 0;
	int32 AnnouncedCloseCode = 0;
	float PauseSeconds = 0.f;
	int32 Attempt = 0;
	int32 Refusals = 0;
	/** What belongs to an earlier connection than this is not heard any more. */
	int32 Run = 0;
};
